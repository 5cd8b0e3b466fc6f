import { type Assigner, AssignerProtocol, type GroupMember, type PartitionAssigner } from 'kafkajs';

interface About {
  /** The topic whose partitions stand for the tasks: every member of the group subscribes to it. */
  readonly topic: string;
  readonly partitions: number;
  readonly instance: string;
  /** What this member has now. */
  owned(): readonly number[];
}

interface Member {
  readonly memberId: string;
  readonly instance: string;
  readonly owned: readonly number[];
}

/**
 * Gives out tasks, not topics: whoever gets number p serves partition p of everything. Members keep what they have, up to
 * their share; the rest goes around in the order of their names.
 */
export const taskAssigner =
  (about: About): PartitionAssigner =>
  (): Assigner => ({
    name: 'tocsin-tasks',
    version: 1,
    protocol: ({ topics }) => ({
      name: 'tocsin-tasks',
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: 1,
        topics,
        userData: Buffer.from(JSON.stringify({ instance: about.instance, owned: about.owned() })),
      }),
    }),
    assign: async ({ members }) => {
      const shares = tasksOf(members.map(memberOf), about.partitions);
      return [...shares].map(([memberId, tasks]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: 1,
          assignment: { [about.topic]: [...tasks] },
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });

function memberOf({ memberId, memberMetadata }: GroupMember): Member {
  const text = AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData.toString('utf8') ?? '';
  const { instance, owned } = JSON.parse(text) as { instance: string; owned: readonly number[] };
  return { memberId, instance, owned };
}

/** Tasks by member; no two members get the same, none is left, and shares differ by one at most. */
export function tasksOf(members: readonly Member[], partitions: number): ReadonlyMap<string, readonly number[]> {
  const sorted = [...members].sort((a, b) =>
    a.instance < b.instance ? -1 : a.instance > b.instance ? 1 : a.memberId < b.memberId ? -1 : 1,
  );
  const quota = (at: number): number =>
    Math.floor(partitions / sorted.length) + (at < partitions % sorted.length ? 1 : 0);
  const free = new Set(Array.from({ length: partitions }, (_, partition) => partition));
  const shares = sorted.map(({ owned }, at) => {
    const kept = owned.filter((partition) => free.has(partition)).slice(0, quota(at));
    for (const partition of kept) free.delete(partition);
    return kept;
  });
  const left = [...free];
  for (const [at, share] of shares.entries()) share.push(...left.splice(0, quota(at) - share.length));
  return new Map(sorted.map(({ memberId }, at) => [memberId, shares[at] ?? []]));
}
