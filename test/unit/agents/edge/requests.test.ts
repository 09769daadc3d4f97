import { describe, expect, it } from 'vitest';
import { failureOf } from '#agents/edge/failure-words';
import { faultEntry } from '#agents/edge/faults';
import { LOG_FORMAT, LogLine } from '#agents/edge/log-line';
import { parseLine, type Noted } from '#agents/edge/request-entry';
import { missedIn } from '#agents/edge/request-log';
import { RequestMemory } from '#agents/edge/request-memory';
import { sandboxValue } from '#agents/edge/sandbox-value';

const words = {
  mark: 'R1', count: '7', end: '1795557354713', frontend: 'gateway', backend: 'plain_json', method: 'GET', path: '/a', status: '200', duration: '13',
  termination: '--', owner: 'u1', id: 'one', fault: '-', place: '-', connection: '0', route: 'u1|gateway|container|10.0.0.2|8080|||',
};
const lineOf = (more: Partial<typeof words> = {}): string => Object.values({ ...words, ...more }).join(' ');
const parsed = (more: Partial<typeof words> = {}): Noted['request'] => parseLine(lineOf(more))?.request as Noted['request'];

describe('a line of HAProxy', () => {
  it('has the words that the configuration asks for', () => {
    expect(LOG_FORMAT.split(' ')).toHaveLength(Object.keys(words).length);
  });

  it('is a request with the time of its beginning', () => {
    expect(parseLine(lineOf())).toEqual({
      count: 7,
      end: 1795557354713,
      request: {
        at: new Date(1795557354700).toISOString(), id: 'one', entry: 'gateway', sandboxUid: 'u1', service: 'gateway', method: 'GET', path: '/a',
        status: 200, durationMs: 13, target: { kind: 'container', address: '10.0.0.2:8080' },
      },
    });
  });

  it('is no request when it is a notice, cut or of another edition', () => {
    for (const text of ['', 'Proxy inside stopped (cumulated conns: FE: 3, BE: 0).', lineOf().slice(0, 40), lineOf({ mark: 'R2' })]) {
      expect(parseLine(text)).toBeUndefined();
    }
    expect(missedIn(lineOf().slice(0, 40))).toBe(1);
    expect(missedIn('17 events dropped')).toBe(17);
    expect(missedIn('1 event dropped')).toBe(1);
    expect(missedIn('Proxy inside stopped (cumulated conns: FE: 3, BE: 0).')).toBe(0);
  });

  it('keeps paths as they were sent', () => {
    expect(parsed({ path: '/o%20x;y#22z#C3#A4' }).path).toBe('/o%20x;y"zä');
    expect(parsed({ path: '' }).path).toBe('*');
    expect(parsed({ path: '/%zz' }).path).toBe('/%zz');
    expect(parsed({ path: '/#FF' }).path).toContain('/');
    expect(parsed({ method: '<BADREQ>', path: '<BADREQ>', owner: '-', route: '-', termination: 'PR', backend: 'gateway' })).toMatchObject({ method: '?', path: '?', target: { kind: 'none' } });
  });

  it.each([
    ['plain_json', 'SC', 'the target took no connection'],
    ['plain_json', 'sC', 'the target took no connection in time'],
    ['plain_json', 'SH', 'the target closed the connection before it answered'],
    ['once_plain_json', 'LH', 'the target closed the connection before it answered'],
    ['plain_json', 'sH', 'the target did not answer in time'],
    ['plain_json', 'SD', 'the target broke its answer off'],
    ['plain_json', 'CD', 'the caller ended the connection before it had the answer'],
    ['faulty_plain_json', 'PH', 'the target answered something that is not HTTP'],
    ['page_unused_port', 'LR', 'no sandbox uses this port'],
    ['page_misdirected', 'LR', 'the edge that sent it meant another service: its routes are older than this port'],
  ])('ended by %s with %s says: %s', (backend, termination, text) => {
    expect(parsed({ backend, termination }).failure).toBe(text);
  });

  it('says that a connection was not refused but given up, by the time that it took', () => {
    expect(parsed({ termination: 'SC', duration: '4999' }).failure).toBe('the target took no connection');
    expect(parsed({ termination: 'SC', duration: '5003' }).failure).toBe('the target took no connection in time');
  });

  it('says what a page said, and nothing where the target answered', () => {
    expect(parsed({ backend: 'page_unavailable', termination: 'LR', route: 'u1|a|unavailable|||||Not%20now' })).toMatchObject({ failure: 'Not now', target: { kind: 'none' } });
    expect(parsed({ backend: 'faulty_plain_json', termination: 'LR', route: 'u1|a|unavailable|||||Not%20now' }).failure).toBe('Not now');
    expect(parsed({ status: '500' })).not.toHaveProperty('failure');
    const tls = LogLine.of(lineOf({ termination: 'SC', connection: '34' })) as LogLine;
    expect(failureOf(tls, words.route.split('|'), 'https')).toContain('certificate');
    expect(failureOf(tls, words.route.split('|'), 'http')).toBe('the target took no connection');
  });

  it.each([
    ['app.example:8080', 'http://app.example:8080/x', false],
    ['app.example', 'https://APP.example/x', false],
    ['app.example:8080', 'http://app.example/x', true],
    ['app.example', '//other.example/x', true],
    ['app.example', '\\\\other.example/x', true],
    ['app.example', 'http://account.sdp:7080/x', false],
    ['app.example', 'http://account.sdp.evil/x', true],
    ['app.example', '/x', false],
  ])('asked for %s and led to %s: leaves %s', (host, location, leaves) => {
    const request = parsed({ status: '302', place: `${encodeURIComponent(host)}|${encodeURIComponent(location)}` });
    expect(request.leaves).toBe(leaves ? true : undefined);
    expect(request.location).toBeDefined();
  });

  it('never tells a user name in a location', () => {
    expect(parsed({ place: `h|${encodeURIComponent('https://joe:s3cret@other.example/x')}` }).location).toBe('https://other.example/x');
    expect(JSON.stringify(parsed({ place: `h|${encodeURIComponent('https://joe:s3cret@[bad/x')}` }))).not.toContain('s3cret');
  });
});

describe('what was told already', () => {
  const noted = (count: number, end = count * 10): Noted => ({ count, end, request: {} as Noted['request'] });
  const all = (memory: RequestMemory, list: Noted[]): number[] => list.filter((each) => memory.isNew(each)).map((each) => each.count);

  it('is not told again when HAProxy begins anew, nor when the agent does', () => {
    const memory = new RequestMemory('8@1');
    const first = [noted(1), noted(3, 31), noted(2, 30)];
    expect(all(memory, first)).toEqual([1, 3, 2]);
    memory.again();
    expect(all(memory, [...first, noted(4)])).toEqual([4]);
    const next = new RequestMemory('8@1', memory.keep());
    expect(all(next, [...first, noted(4), noted(5)])).toEqual([5]);
    expect(memory.missed + next.missed).toBe(0);
    // Another process numbers anew.
    expect(all(new RequestMemory('9@2', memory.keep()), [noted(1)])).toEqual([1]);
  });

  it('is not told again when more was told than is remembered', () => {
    const list = Array.from({ length: 1_000 }, (_, i) => noted(i + 1));
    const memory = new RequestMemory('8@1');
    all(memory, list);
    memory.again();
    expect(all(memory, [...list, noted(1_001)])).toEqual([1_001]);
    expect(memory.missed).toBe(0);
  });

  it('counts what HAProxy forgot before it was read', () => {
    const memory = new RequestMemory('8@1');
    all(memory, [noted(1), noted(2)]);
    memory.again();
    expect(all(memory, [noted(12), noted(13)])).toEqual([12, 13]);
    expect(memory.missed).toBe(9);
  });
});

describe('entries of faults and sandboxes', () => {
  const until = '2026-01-01T00:00:00.000Z';

  it('hold all that HAProxy needs, with paths as requests have them', () => {
    expect(faultEntry('u1', 'User_Info', { kind: 'status', status: 503, percent: 50, until, path: '/ö;x |y' })).toEqual({
      key: 'u1/user-info|/%C3%B6;x%20%7Cy', value: 'status|503|50|1767225600000|2026-01-01T00%3A00%3A00.000Z',
    });
    expect(faultEntry('u1', 'a', { kind: 'delay', ms: 9e9, percent: 1, until }).value).toMatch(/^delay\|240000\|1\|/);
    expect(() => faultEntry('u1', 'a', { kind: 'reset', percent: 0, until })).toThrow('1 to 100');
    expect(() => faultEntry('u1', 'a', { kind: 'reset', percent: 1, until: 'soon' })).toThrow('no time');
  });

  it('have a link only when it is a harmless web address', () => {
    const link = (text: string): string => decodeURIComponent(sandboxValue({ name: 'A', revision: 1, link: text, faulty: false }));
    expect(link('http://sdp:7070/sandboxes/a')).toBe('A|1||,"link":"http://sdp:7070/sandboxes/a"|<dt>Its page</dt><dd><a href="http://sdp:7070/sandboxes/a">http://sdp:7070/sandboxes/a</a></dd>');
    for (const text of ['javascript:alert(1)', 'nonsense', 'http://u:p@sdp/', 'http://sdp/&quot;']) expect(link(text)).toBe('A|1|||');
    expect(link('http://sdp/"><script>')).not.toContain('<script>');
  });
});
