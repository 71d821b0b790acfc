import { describe, expect, test } from '@jest/globals';
import type { InputEvent } from '../../lib/keys/key-names.js';
import { MemoryPainter } from '../../lib/paint/memory-painter.js';
import { line, type Frame } from '../../lib/view/frame.js';

const frame = (...texts: string[]): Frame => ({ size: { cols: 12, rows: 3 }, lines: texts.map((text) => line(text)), rasters: [] });

describe('MemoryPainter', () => {
  test('shows the last painted frame', () => {
    const painter = new MemoryPainter(12, 3);
    expect(painter.text()).toBe('\n\n');
    painter.paint(frame('one', 'two'));
    painter.paint(frame('深度 x'));
    expect(painter.text()).toBe('深度 x\n\n');
    expect(painter.frames).toBe(2);
  });

  test('finds text by its cell', () => {
    const painter = new MemoryPainter(12, 3);
    painter.paint(frame('', '深度 end'));
    expect(painter.find('end')).toEqual({ x: 5, y: 1 });
    expect(painter.find('nothing')).toBeUndefined();
  });

  test('sends keys, pastes and clicks like a terminal', () => {
    const painter = new MemoryPainter(12, 3);
    const seen: InputEvent[] = [];
    painter.onInput((event) => seen.push(event));
    painter.paint(frame('a', ' b'));
    painter.press('u', 'Space', 'C-c', '🚀');
    painter.paste('x');
    painter.click('b', 2);
    expect(seen).toEqual([
      { type: 'key', name: 'u', text: 'u' },
      { type: 'key', name: 'Space', text: ' ' },
      { type: 'key', name: 'C-c', text: '' },
      { type: 'key', name: '🚀', text: '🚀' },
      { type: 'paste', text: 'x' },
      { type: 'mouse', action: 'press', button: 'left', x: 1, y: 1, clicks: 2 },
    ]);
    expect(() => painter.click('zzz')).toThrow('not on screen: "zzz"');
  });

  test('refuses frames during a stall, and reports its end only if a frame was refused', () => {
    const painter = new MemoryPainter(12, 3);
    let told = 0;
    painter.onReady(() => told++);
    painter.stall(true);
    painter.stall(false);
    expect(told).toBe(0);
    painter.stall(true);
    painter.paint(frame('late'));
    expect(painter.text()).toBe('\n\n');
    painter.stall(false);
    expect(told).toBe(1);
  });

  test('reports a resize, and shows the next frame at the new size', () => {
    const painter = new MemoryPainter(12, 3);
    const sizes: unknown[] = [];
    painter.onResize(() => sizes.push(painter.size));
    painter.resize(5, 1);
    expect(sizes).toEqual([{ cols: 5, rows: 1 }]);
    painter.paint({ size: painter.size, lines: [line('abcdefgh')], rasters: [] });
    expect(painter.text()).toBe('abcde');
  });
});
