import { BlockList } from 'node:net';
import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { addressBlock, addressKey } from './addresses.ts';

/** Few different bits, so that blocks hold something. */
const four = fc
  .tuple(fc.constantFrom(10, 11, 192), fc.constantFrom(0, 1, 255), fc.nat(255), fc.nat(3))
  .map((all) => all.join('.'));
const group = fc.constantFrom('0', '1', 'fe80', 'FFff', '2001', 'db8');
const six = fc.oneof(
  fc.tuple(group, group, group, group, group, group, group, group).map((all) => all.join(':')),
  fc.tuple(group, group, group).map(([a, b, c]) => `${a}:${b}::${c}`),
  group.map((a) => `${a}::`),
  fc.constant('::1'),
);
const inBlock = (text: string, block: string): boolean => {
  const [key, bounds] = [addressKey(text), addressBlock(block)];
  if (key === undefined || !bounds) throw new Error(`${text} or ${block} is no address`);
  return key >= bounds.low && key <= bounds.high;
};

test('an address is in a block where Node says so', () => {
  const about = fc.oneof(
    fc.tuple(four, four, fc.nat(32), fc.constant('ipv4' as const)),
    fc.tuple(six, six, fc.nat(128), fc.constant('ipv6' as const)),
  );
  fc.assert(
    fc.property(about, ([address, net, bits, family]) => {
      // Node has no block of everything.
      if (bits === 0) return;
      const list = new BlockList();
      list.addSubnet(net, bits, family);
      expect(inBlock(address, `${net}/${bits}`)).toBe(list.check(address, family));
    }),
    { numRuns: 2_000 },
  );
});

it.each([
  ['10.1.2.3', '40a010203'],
  ['::ffff:10.1.2.3', '40a010203'],
  ['::1', '600000000000000000000000000000001'],
  ['64:ff9b::10.1.2.3', '60064ff9b00000000000000000a010203'],
])('%s is the address %s', (text, key) => {
  expect(addressKey(text)).toBe(key);
});

it.each([
  '',
  '10.1.2',
  '10.1.2.3.4',
  '10.1.2.256',
  '010.1.2.3',
  '10.1.2.3/8',
  'fe80::1%eth0',
  '1::2::3',
  ':::',
  '1:2:3',
  'web',
  '12:30:00',
])('"%s" is none', (text) => {
  expect(addressKey(text)).toBeUndefined();
});

it('a block of one family holds none of the other; mapped blocks are IPv4', () => {
  expect(inBlock('fe80::1', '0.0.0.0/0')).toBe(false);
  expect(inBlock('10.1.2.3', '::/0')).toBe(false);
  expect(inBlock('10.1.2.3', '::ffff:10.0.0.0/104')).toBe(true);
  expect(inBlock('11.1.2.3', '::ffff:10.0.0.0/104')).toBe(false);
  expect(inBlock('10.1.2.3', '10.1.2.3')).toBe(true);
  for (const block of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', '::ffff:10.0.0.0/95', 'x/8'])
    expect(addressBlock(block)).toBeUndefined();
});
