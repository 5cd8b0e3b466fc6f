import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressPolicy } from './address-policy.ts';

const forbidden = [
  ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.0.9'],
  ...['169.254.0.1', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.8', '192.0.2.1', '192.88.99.1'],
  ...['192.168.0.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.9', '224.0.0.1', '239.255.255.250'],
  ...['240.0.0.1', '255.255.255.255'],
  ...['::', '::1', '::127.0.0.1', '::7f00:1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:0:127.0.0.1'],
  ...['64:ff9b::7f00:1', '64:ff9b::808:808', '64:ff9b:1::a00:1', '100::1', '2001::1', '2001:2::1', '2001:db8::1'],
  ...['2001:10::1', '2001:20::1', '2002:7f00:1::', '2002:a00:1::1', '3fff::1', '4000::1', '5f00::1', 'fc00::1'],
  ...['fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1'],
  ...['', 'localhost', 'not an address', '1.2.3', '1.2.3.4.5', '[::1]'],
];
const open = ['1.1.1.1', '8.8.8.8', '93.184.216.34', '172.15.0.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111'];

describe('AddressPolicy', () => {
  const strict = new AddressPolicy({});

  it.each(forbidden)('refuses %s', (address) => {
    expect(strict.permits(address, 'https:')).toBe(false);
    expect(new AddressPolicy({ allowHttp: true }).permits(address, 'http:')).toBe(false);
  });

  it.each(open)('permits %s by https, and by http only when that is allowed', (address) => {
    expect(strict.permits(address, 'https:')).toBe(true);
    expect(strict.permits(address, 'http:')).toBe(false);
    expect(new AddressPolicy({ allowHttp: true }).permits(address, 'http:')).toBe(true);
  });

  it('permits what is allow-listed, by either scheme, and nothing beside it', () => {
    const policy = new AddressPolicy({ allow: ['127.0.0.0/8', '10.1.2.3', 'fd00::/8'] });
    for (const address of ['127.0.0.1', '::ffff:127.9.9.9', '10.1.2.3', 'fd12::1']) {
      expect(policy.permits(address, 'http:')).toBe(true);
      expect(policy.permits(address, 'https:')).toBe(true);
    }
    for (const address of ['10.1.2.4', '128.0.0.1', 'fc00::1', '::1'])
      expect(policy.permits(address, 'http:')).toBe(false);
  });

  it('says which entry of the allow-list it cannot read', () => {
    expect(() => new AddressPolicy({ allow: ['10.0.0.0/99'] })).toThrow('"10.0.0.0/99"');
    expect(() => new AddressPolicy({ allow: ['localhost'] })).toThrow('"localhost"');
  });

  it('never permits an IPv6 address that carries a private IPv4 address in a known translation', () => {
    const prefixes = ['::', '::ffff:', '::ffff:0:', '64:ff9b::', '64:ff9b:1::'];
    fc.assert(
      fc.property(fc.constantFrom(...prefixes), fc.nat({ max: 0xffffff }), (prefix, rest) => {
        const hex = `a${((rest >> 16) & 0xff).toString(16).padStart(2, '0')}:${(rest & 0xffff).toString(16)}`;
        expect(strict.permits(`${prefix}${hex}`, 'https:')).toBe(false);
      }),
    );
  });
});
