import { describe, expect, it } from 'vitest';
import { freePool, routedRanges } from '#examples/demo/network-pool';
import { parseLdd } from '#examples/demo/library-closure';

const table = (...routes: [destination: string, mask: string][]): string =>
  [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    ...routes.map(([destination, mask]) => `eth0\t${destination}\t00000000\t0001\t0\t0\t0\t${mask}\t0\t0\t0`),
  ].join('\n');

describe('network pool', () => {
  it('takes the first pool when the host routes nothing there, whatever the default route says', () => {
    expect(freePool(routedRanges(table(['00000000', '00000000'])))).toBe('10.213.0.0/16');
  });

  it('leaves out a pool that holds a routed network', () => {
    // 10.213.7.0/24
    expect(freePool(routedRanges(table(['0007D50A', '00FFFFFF'])))).toBe('10.214.0.0/16');
  });

  it('finds none where the host routes all of 10.0.0.0/8', () => {
    expect(freePool(routedRanges(table(['0000000A', '000000FF'])))).toBeUndefined();
  });
});

describe('library closure', () => {
  it('reads files out of what ldd prints', () => {
    expect(
      parseLdd(
        [
          '\tlinux-vdso.so.1 (0x00007ffc5f9f2000)',
          '\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f2b6a000000)',
          '\t/lib64/ld-linux-x86-64.so.2 (0x00007f2b6a3b7000)',
        ].join('\n'),
      ),
    ).toEqual(['/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2']);
  });
});
