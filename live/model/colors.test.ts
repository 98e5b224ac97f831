import { describe, expect, it } from 'vitest';
import {
  contrast,
  lettersOn,
  namedColor,
  paletteColor,
  surfaceColor,
  type Theme,
} from './colors.ts';

const SURFACE: Record<Theme, string> = { dark: '#111827', light: '#ffffff' };
const NAMES = ['green', 'red', 'orange', 'yellow', 'blue', 'purple', 'gray', 'text'];

describe.each(['dark', 'light'] as const)('on the %s page', (theme) => {
  it.each(NAMES)('%s can be read as letters', (name) => {
    for (const shade of ['', 'dark-', 'semi-dark-', 'light-', 'super-light-']) {
      expect(contrast(namedColor(shade + name, theme), SURFACE[theme])).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('every line differs enough from the ground', () => {
    for (let i = 0; i < 12; i += 1) {
      expect(contrast(paletteColor(i, theme), SURFACE[theme])).toBeGreaterThanOrEqual(3);
    }
  });

  it('letters can be read on every surface', () => {
    for (const name of [...NAMES, 'dark-blue']) {
      const ground = surfaceColor(name, theme);
      expect(contrast(lettersOn(ground), ground)).toBeGreaterThanOrEqual(4.5);
    }
  });
});

describe('namedColor', () => {
  it('takes colours as CSS writes them, and nothing else', () => {
    expect(namedColor('#abcdef', 'dark')).toBe('#abcdef');
    expect(namedColor('rgba(1, 2, 3, 0.5)', 'dark')).toBe('rgba(1, 2, 3, 0.5)');
    expect(namedColor('url(https://elsewhere.example)', 'dark')).toBe(namedColor('text', 'dark'));
  });
});
