import { describe, expect, it } from "vitest";
import { isPublicAddress } from "../../../src/lifecycle/public-address.ts";

const PRIVATE = [
  ["this host", "0.0.0.0", "0.255.255.255"],
  ["private networks", "10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1"],
  ["networks behind a provider's translation", "100.64.0.0", "100.127.255.255"],
  ["loopback", "127.0.0.1", "127.255.255.255", "::1"],
  [
    "link-local, with the address of clouds' metadata",
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
  ],
  ["documentation and benchmarks", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"],
  ["multicast, reserved and broadcast", "224.0.0.1", "240.0.0.1", "255.255.255.255", "ff02::1"],
  ["unique local", "fc00::1", "fd12:3456::1", "fec0::1"],
  ["IPv4 inside of IPv6", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "::ffff:0:10.0.0.1"],
  ["IPv4 behind a translation", "64:ff9b::a00:1", "64:ff9b::169.254.169.254", "64:ff9b::1"],
  ["IPv4 behind another translation", "64:ff9b:1::808:808", "2002:7f00:1::", "2001:0:4136::1"],
  ["IPv6 for documentation", "2001:db8::1", "3fff::1"],
  ["nothing", "::", "", "localhost", "8.8.8", "08.8.8.8", "0x7f.1", "2130706433"],
] as const;

describe("isPublicAddress", () => {
  it.each(PRIVATE)("refuses %s", (_what, ...addresses: readonly (string | undefined)[]) => {
    expect(addresses.filter((one) => isPublicAddress(one ?? ""))).toEqual([]);
  });

  it("allows what is given out to hosts of the internet", () => {
    const addresses = ["8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"];
    const edges = ["172.15.255.255", "172.32.0.0", "192.167.255.255", "223.255.255.255"];
    const six = ["2606:4700:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "2003::1"];
    const translated = ["64:ff9b::808:808", "64:FF9B::8.8.8.8", "64:ff9b::c0a7:ffff"];
    expect(
      [...addresses, ...edges, ...six, ...translated].filter((one) => !isPublicAddress(one)),
    ).toEqual([]);
  });
});
