// The page's colours: Grafana's names of colours and the palette for series, in shades that can be read on
// a dark and on a light page. Pure.

export type Theme = 'dark' | 'light';

/** Told apart by people who see few colours, in this order; 3:1 against the panel. */
const PALETTE: Readonly<Record<Theme, readonly string[]>> = {
  dark: [
    ...['#5ea9ff', '#ffb454', '#4cd6a4', '#f58ac0', '#b9a2ff', '#4fd3ea'],
    ...['#ff8b6b', '#c9d75e', '#8fb8d8', '#e0a3a3', '#7fe08a', '#d8b4fe'],
  ],
  light: [
    ...['#1d6fdc', '#b85c00', '#08805a', '#c22b7c', '#6b46c8', '#0a7a90'],
    ...['#c4401d', '#66730d', '#4a6a86', '#9a4d4d', '#2b7d36', '#8a3fc0'],
  ],
};

const NAMED: Readonly<Record<Theme, Readonly<Record<string, string>>>> = {
  dark: {
    green: '#4cd28a',
    red: '#ff6b7a',
    orange: '#ffab4a',
    yellow: '#f7d44c',
    blue: '#6cb2ff',
    purple: '#bd9bff',
    gray: '#93a1b5',
    text: '#e8eef7',
    transparent: 'transparent',
  },
  light: {
    green: '#0b7a4b',
    red: '#c8243f',
    orange: '#a85a00',
    yellow: '#8a6a00',
    blue: '#1d66c9',
    purple: '#6b3fc4',
    gray: '#5a6778',
    text: '#17202e',
    transparent: 'transparent',
  },
};

/** Surfaces may be calmer than letters: what `dark-blue` is where a whole bar is filled with it. */
const CALM: Readonly<Record<Theme, string>> = { dark: '#31486b', light: '#b6c6dc' };

/** The colour of the series of this index. */
export function paletteColor(index: number, theme: Theme): string {
  const colors = PALETTE[theme];
  return colors[index % colors.length]!;
}

/** A colour for letters and lines by Grafana's name (`semi-dark-orange`) or as CSS writes one. */
export function namedColor(name: string, theme: Theme): string {
  if (/^#[0-9a-f]{3,8}$/i.test(name) || /^rgba?\([\d.,% ]+\)$/.test(name)) return name;
  const base = name.replace(/^(semi-dark|super-light|light|dark)-/, '').replace('grey', 'gray');
  return NAMED[theme][base] ?? NAMED[theme]['text']!;
}

/** The same for a surface that letters stand on. */
export function surfaceColor(name: string, theme: Theme): string {
  return name === 'dark-blue' ? CALM[theme] : namedColor(name, theme);
}

/** Relative luminance of `#rrggbb`, 0 to 1. */
function luminance(hex: string): number {
  const channels = [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * channels[0]! + 0.7152 * channels[1]! + 0.0722 * channels[2]!;
}

/** The contrast of two colours `#rrggbb` as WCAG counts it, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (light! + 0.05) / (dark! + 0.05);
}

/** Black or white, whichever can be read better on `hex`. */
export function lettersOn(hex: string): string {
  if (!/^#[0-9a-f]{6}$/i.test(hex)) return 'inherit';
  return contrast(hex, '#0b0f17') >= contrast(hex, '#ffffff') ? '#0b0f17' : '#ffffff';
}
