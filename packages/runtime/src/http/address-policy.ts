import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = readonly [Address, number];

export interface AddressRules {
  /** CIDRs (`10.1.0.0/16`, `fd00::/8`) or single addresses that may be called although they are not public, also by plain http. */
  readonly allow?: readonly string[];
  /** Plain http to public addresses. Off unless said. */
  readonly allowHttp?: boolean;
}

/** Addresses outside 2000::/3 are not handed out to anybody: that leaves no room for IPv4 in IPv6 clothes. */
const globalIpv6: Network = [ipaddr.IPv6.parse('2000::'), 3];

function networkOf(text: string): Network {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch {
    throw new Error(`not an address or CIDR: ${JSON.stringify(text)}`);
  }
}

const contains = ([base, bits]: Network, address: Address): boolean =>
  base.kind() === address.kind() && address.match(base, bits);

/** Reads an address as the kernel prints it; IPv4-mapped IPv6 becomes the IPv4 that it reaches. */
function addressOf(text: string): Address | undefined {
  const bare = text.replace(/%.*$/, '');
  return isIP(bare) !== 0 ? ipaddr.process(bare) : undefined;
}

const isPublic = (address: Address): boolean =>
  address.range() === 'unicast' && (address.kind() === 'ipv4' || contains(globalIpv6, address));

/** Which addresses may be connected to. Judges addresses, never names. */
export class AddressPolicy {
  readonly #allow: readonly Network[];
  readonly #allowHttp: boolean;

  /** Throws when an entry of `allow` cannot be read. */
  constructor({ allow = [], allowHttp = false }: AddressRules) {
    this.#allow = allow.map(networkOf);
    this.#allowHttp = allowHttp;
  }

  /** Whether plain http can be right for any address at all, so that most of it is refused before a name is looked up. */
  get mayUseHttp(): boolean {
    return this.#allowHttp || this.#allow.length > 0;
  }

  permits(text: string, protocol: string): boolean {
    const address = addressOf(text);
    if (address === undefined) return false;
    if (this.#allow.some((network) => contains(network, address))) return true;
    return (protocol === 'https:' || this.#allowHttp) && isPublic(address);
  }
}
