// Builds elements: text is always text, never markup, so nothing that came from a database or a dashboard
// can become part of the page's own code.

type Child = Node | string | number | null | undefined | false;
type Handler = (event: never) => void;
type Attributes = Readonly<Record<string, string | number | boolean | Handler | null | undefined>>;

const SVG = 'http://www.w3.org/2000/svg';

/** An HTML element. `on…` are listeners; true is an empty attribute; null, undefined and false are none. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Child | readonly Child[])[]
): HTMLElementTagNameMap[K] {
  return furnished(document.createElement(tag), attributes, children);
}

/** An SVG element, likewise. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Child | readonly Child[])[]
): SVGElementTagNameMap[K] {
  return furnished(document.createElementNS(SVG, tag), attributes, children);
}

function furnished<E extends Element>(
  element: E,
  attributes: Attributes,
  children: readonly (Child | readonly Child[])[],
): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function')
      element.addEventListener(name.slice(2), value as (e: Event) => void);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(typeof child === 'number' ? String(child) : child);
  }
  return element;
}

/** Sets style properties, which the page's policy allows, unlike style attributes. */
export function styled<E extends HTMLElement | SVGElement>(
  element: E,
  properties: Readonly<Record<string, string | number | undefined>>,
): E {
  for (const [name, value] of Object.entries(properties)) {
    if (value !== undefined) element.style.setProperty(name, String(value));
  }
  return element;
}

let lastId = 0;
/** An id that no other element has. */
export function freshId(prefix: string): string {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

const ICONS = {
  info: 'M12 11v6M12 7.5v.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  clock: 'M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  refresh: 'M20 11a8 8 0 1 0-2.3 6.2M20 5v6h-6',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  chevron: 'm6 9 6 6 6-6',
  left: 'm14 6-6 6 6 6',
  right: 'm10 6 6 6-6 6',
  zoom_out: 'M8 10.5h5M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3 20 20',
  link: 'M14 5h5v5M19 5l-8 8M17 14v5H5V7h5',
  alert:
    'M12 9v4M12 16.5v.01M10.3 4.3 2.6 17.7A2 2 0 0 0 4.3 20.7h15.4a2 2 0 0 0 1.7-3L13.7 4.3a2 2 0 0 0-3.4 0z',
  empty: 'M4 7l2-3h12l2 3v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1zM4 7h16M9 12h6',
  check: 'm5 12 5 5 9-11',
  check_circle: 'm8.5 12 2.5 2.5 4.5-5M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  dash_circle: 'M8 12h8M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  cross_circle: 'm9 9 6 6M15 9l-6 6M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  sensor:
    'M12 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7.8 16.2a6 6 0 0 1 0-8.4M16.2 7.8a6 6 0 0 1 0 8.4M5 19a10 10 0 0 1 0-14M19 5a10 10 0 0 1 0 14',
  layers: 'm12 3 9 5-9 5-9-5zM3 12.5l9 5 9-5M3 17l9 5 9-5',
  funnel: 'M3 5h18l-7 8v6l-4 2v-8z',
  database:
    'M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3',
  envelope: 'M3 6h18v13H3zM3 7l9 7 9-7',
} as const;

export type Icon = keyof typeof ICONS;

/** A decorative icon; the words beside it say what it means. */
export function icon(name: Icon): SVGSVGElement {
  const attributes = { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' };
  return svg('svg', attributes, svg('path', { d: ICONS[name] }));
}
