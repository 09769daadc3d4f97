import { describe, expect, test } from 'vitest';
import { plainText, segmentsOf } from '../../../web/app/model/ansi.ts';

describe('segmentsOf', () => {
  test('keeps markup as text', () => {
    expect(segmentsOf('<img src=x onerror="alert(1)">')).toEqual([{ text: '<img src=x onerror="alert(1)">' }]);
  });

  test('colours the text between a colour and its reset', () => {
    expect(segmentsOf('a \x1b[31mred\x1b[0m b')).toEqual([{ text: 'a ' }, { text: 'red', color: 1 }, { text: ' b' }]);
  });

  test('combines and takes back styles one by one', () => {
    expect(segmentsOf('\x1b[1;32mok\x1b[22m still\x1b[39m plain')).toEqual([
      { text: 'ok', bold: true, color: 2 },
      { text: ' still', color: 2 },
      { text: ' plain' },
    ]);
  });

  test('reads bright and 256-colour codes as the nearest of the eight, and skips what has none', () => {
    expect(segmentsOf('\x1b[91ma')).toEqual([{ text: 'a', color: 1 }]);
    expect(segmentsOf('\x1b[38;5;4mb')).toEqual([{ text: 'b', color: 4 }]);
    expect(segmentsOf('\x1b[38;2;1;2;3;1mc')).toEqual([{ text: 'c', bold: true }]);
    expect(segmentsOf('\x1b[48;5;1md')).toEqual([{ text: 'd' }]);
  });

  test('drops cursor movement, window titles, links and control characters', () => {
    expect(plainText('\x1b[2K\x1b[1Gdone\x1b]0;title\x07 \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\r\x00')).toBe(
      'done link'
    );
  });

  test('keeps tabs, and every character of a text without escapes', () => {
    expect(plainText('a\tb ünï ✓')).toBe('a\tb ünï ✓');
  });

  test('never loses a line to an escape that does not end', () => {
    expect(plainText('before \x1b[31')).toContain('before');
    expect(plainText('before \x1b]0;no end')).toContain('before');
  });
});
