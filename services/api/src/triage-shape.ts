import type { Json, JsonObject, Triage, User } from '@tocsin/core';

/** The documented triage object (`signal_metadata`), with the version that a later edit may name. */
export const triageResource = (id: string, triage: Triage): JsonObject => ({
  data: { id, type: 'signal_metadata', attributes: triageAttributes(triage) },
});

export const triageAttributes = (triage: Triage): JsonObject => ({
  state: triage.state,
  version: triage.version,
  archive_reason: triage.archiveReason,
  assignee: triage.assignee ? userShape(triage.assignee) : { uuid: '', name: 'Unassigned', handle: '' },
  incident_ids: triage.incidentIds as Json,
  ...(triage.stateAt !== undefined && { state_update_timestamp: triage.stateAt }),
  ...(triage.stateBy && { state_update_user: userShape(triage.stateBy) }),
  ...(triage.archiveComment !== undefined && { archive_comment: triage.archiveComment }),
  ...(triage.archiveCommentAt !== undefined && { archive_comment_timestamp: triage.archiveCommentAt }),
  ...(triage.archiveCommentBy && { archive_comment_user: userShape(triage.archiveCommentBy) }),
});

const userShape = ({ uuid, handle, name }: User): JsonObject => ({ uuid, handle, name });
