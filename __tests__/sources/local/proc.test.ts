import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  busyPercent,
  cutCommand,
  parseCmdline,
  parseCpuClock,
  parseCpuinfo,
  parseMeminfo,
  parseMounts,
  parsePidStat,
  parsePidStatus,
  parseUptime,
} from '../../../lib/sources/local/proc-text.js';
import { fixture } from '../../helpers/captures.js';

describe('/proc/PID/stat', () => {
  test('reads the capture', () => {
    expect(parsePidStat(fixture('h100-static/proc/451/stat'))).toMatchObject({
      name: 'python3',
      state: 'S',
      kernelThread: false,
      cpuTicks: 488, // 392 + 96
      startTicks: 2460,
    });
  });

  test('a name may contain anything', () => {
    const rest = `S ${Array.from({ length: 49 }, (_, at) => at + 4).join(' ')}`;
    for (const name of ['a b', ') (', '((', 'a) S 1 2', '', 'x\ny'])
      expect(parsePidStat(`7 (${name}) ${rest}`)).toMatchObject({ state: 'S', cpuTicks: 14 + 15, startTicks: 22 });
    expect(parsePidStat(`7 (\u001b[2Jx) ${rest}`)?.name).toBe('[2Jx');
  });

  test('truncated or empty text is not a process', () => {
    const whole = fixture('h100-static/proc/451/stat');
    for (const text of ['', '451', '451 (python3', '451 (python3)', whole.slice(0, 40)]) expect(parsePidStat(text)).toBeUndefined();
  });
});

test('/proc/PID/status: the effective user; kernel threads hold no memory', () => {
  expect(parsePidStatus(fixture('h100-static/proc/454/status'))).toEqual({ uid: 1002, residentBytes: 731_932 * 1024 });
  expect(parsePidStatus('Name:\tx\nUid:\t1001\t0\t0\t0\n')).toEqual({ uid: 0, residentBytes: undefined });
  expect(parsePidStatus('')).toBeUndefined();
});

describe('/proc/PID/cmdline', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  test('splits arguments, including empty ones; no arguments; a title set by the process', () => {
    expect(parseCmdline(bytes('python\0-c\0\0x y\0'))).toEqual(['python', '-c', '', 'x y']);
    expect(parseCmdline(bytes(''))).toEqual([]);
    expect(parseCmdline(bytes('nginx: worker process\0\0\0\0'))).toEqual(['nginx: worker process']);
  });

  test('a command line that is too long loses the argument that is cut', () => {
    expect(parseCmdline(bytes('python\0postgres://admin:secret@db/x\0'), 30)).toEqual(['python']);
  });

  test('counts omitted bytes, and splits no character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-composite' }), fc.integer({ min: 1, max: 60 }), (command, max) => {
        const whole = bytes(command);
        const { text, restBytes } = cutCommand(command, max);
        const begin = bytes(text);
        expect(begin.length).toBeLessThanOrEqual(max);
        expect(begin.length + restBytes).toBe(whole.length);
        expect([...begin]).toEqual([...whole.subarray(0, begin.length)]);
        expect(whole.length - begin.length === 0 || begin.length > max - 4).toBe(true);
      }),
    );
  });
});

describe('/proc/stat', () => {
  test('reads the capture', () => {
    const { all, cores } = parseCpuClock(fixture('h100-static/proc/stat'));
    // user 7161 + nice 0 + system 1084 + idle 80954 + iowait 759 + irq 0 + softirq 99 + steal 3
    expect(all).toEqual({ total: 90_060, idle: 81_713 });
    expect([...cores.keys()]).toEqual(Array.from({ length: 16 }, (_, core) => core));
    expect(cores.get(9)).toEqual({ total: 2911 + 67 + 2641 + 2, idle: 2643 });
  });

  test('guest time is not counted twice, and old kernels have fewer columns', () => {
    expect(parseCpuClock('cpu  100 10 5 50 5 1 1 1 90 10\n').all).toEqual({ total: 173, idle: 55 });
    expect(parseCpuClock('cpu  100 10 5 50\n').all).toEqual({ total: 165, idle: 50 });
    expect(parseCpuClock('')).toEqual({ all: undefined, cores: new Map() });
    // The list of cores is as long as the highest number.
    expect([...parseCpuClock('cpu8191 1 1 1 1\ncpu4294967294 1 1 1 1\n').cores.keys()]).toEqual([8191]);
  });

  test('utilization needs two readings', () => {
    expect(busyPercent({ total: 300, idle: 120 }, { total: 0, idle: 0 })).toBe(60);
    expect(busyPercent({ total: 300, idle: 120 }, undefined)).toBeUndefined();
    expect(busyPercent(undefined, { total: 300, idle: 120 })).toBeUndefined();
    expect(busyPercent({ total: 300, idle: 120 }, { total: 300, idle: 120 })).toBeUndefined();
    expect(busyPercent({ total: 200, idle: 120 }, { total: 300, idle: 120 })).toBeUndefined();
    expect(busyPercent({ total: 310, idle: 119 }, { total: 300, idle: 120 })).toBe(100);
    expect(busyPercent({ total: 310, idle: 131 }, { total: 300, idle: 120 })).toBe(0);
  });
});

test('/proc/meminfo: used is what is not available; values that a kernel lacks are missing', () => {
  expect(parseMeminfo(fixture('h100-static/proc/meminfo'))).toEqual({
    totalBytes: 131_981_020 * 1024,
    availableBytes: 129_087_276 * 1024,
    usedBytes: 2_893_744 * 1024, // 131981020 - 129087276
    freeBytes: 127_292_064 * 1024,
    buffersBytes: 63_476 * 1024,
    cachedBytes: 1_950_848 * 1024,
    swapTotalBytes: 0,
    swapFreeBytes: 0,
    swapUsedBytes: 0,
  });
  expect(parseMeminfo('MemTotal: 100 kB\nSwapTotal: 9 kB\nSwapFree: 4 kB\n')).toMatchObject({
    totalBytes: 102_400,
    availableBytes: undefined,
    usedBytes: undefined,
    swapUsedBytes: 5120,
  });
});

describe('/proc/cpuinfo', () => {
  test('reads the capture', () => {
    expect(parseCpuinfo(fixture('h100-static/proc/cpuinfo'))).toEqual({
      model: 'Intel(R) Xeon(R) Processor',
      vendor: 'Intel',
      sockets: 1,
      cores: 16,
      threads: 16,
      frequencyMhz: 2100,
    });
  });

  test('two sockets of two cores with two threads each', () => {
    const thread = (socket: number, core: number, mhz: number): string =>
      `processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: EPYC\ncpu MHz\t\t: ${mhz}\nphysical id\t: ${socket}\ncore id\t\t: ${core}\n\n`;
    const text = [0, 1].flatMap((socket) => [0, 1].flatMap((core) => [1000, 2000].map((mhz) => thread(socket, core, mhz)))).join('');
    expect(parseCpuinfo(text)).toEqual({ model: 'EPYC', vendor: 'Amd', sockets: 2, cores: 4, threads: 8, frequencyMhz: 1500 });
  });

  test('a single thread has a clock too', () => {
    expect(parseCpuinfo('processor\t: 0\ncpu MHz\t\t: 2400.0\n')).toMatchObject({ threads: 1, frequencyMhz: 2400 });
  });

  test('an Arm machine reports little', () => {
    const text = 'processor\t: 0\nBogoMIPS\t: 2000.00\nCPU implementer\t: 0x41\n\nprocessor\t: 1\nCPU implementer\t: 0x41\n';
    expect(parseCpuinfo(text)).toEqual({
      model: '',
      vendor: 'Arm',
      sockets: undefined,
      cores: undefined,
      threads: 2,
      frequencyMhz: undefined,
    });
    expect(parseCpuinfo('').threads).toBeUndefined();
  });
});

test('/proc/uptime', () => {
  expect([parseUptime('56.37 809.55\n'), parseUptime('12 3'), parseUptime(''), parseUptime('x')]).toEqual([
    56.37,
    12,
    undefined,
    undefined,
  ]);
});

test('/proc/mounts: local disks, each once', () => {
  const text = `sysfs /sys sysfs rw 0 0
/dev/nvme0n1p2 /var/lib/docker/plugins ext4 rw 0 0
/dev/nvme0n1p2 / ext4 rw 0 0
/dev/nvme0n1p1 /boot/efi vfat rw 0 0
tmpfs /dev/shm tmpfs rw 0 0
/dev/loop3 /snap/core/1 squashfs ro 0 0
tank/data /tank zfs rw 0 0
filer:/home /home nfs4 rw 0 0
10.0.0.1@o2ib:/scratch /scratch lustre rw 0 0
overlay /var/lib/docker/overlay2/x/merged overlay rw 0 0
/dev/sdb1 /mnt/my\\040disk\\134x xfs rw 0 0
`;
  expect(parseMounts(text).map(({ mountPoint }) => mountPoint)).toEqual(['/', '/boot/efi', '/tank', '/mnt/my disk\\x']);
  expect(parseMounts('overlay / overlay rw 0 0\n/dev/vda1 /etc/hosts ext4 rw 0 0\n').map(({ mountPoint }) => mountPoint)).toEqual([
    '/',
    '/etc/hosts',
  ]);
});
