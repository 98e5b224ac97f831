// Text panels: headings, lists, bold, code and links of Markdown, built as elements. HTML in them stays text.
import { h } from '../dom.ts';
import type { CreateRenderer, DrawContext } from './renderer.ts';

/** Draws `text` panels. */
export const text: CreateRenderer = ({ box, panel }) => ({
  draw: (_, context) => {
    const { content } = (panel.options ?? {}) as { content?: string };
    box.replaceChildren(h('div', { class: 'prose', tabindex: 0 }, blocks(content ?? '', context)));
  },
});

function blocks(content: string, context: DrawContext): HTMLElement[] {
  return content
    .trim()
    .split(/\n{2,}/)
    .map((block) => {
      const heading = /^(#{1,4}) (.*)$/.exec(block);
      if (heading !== null) return h('h4', {}, inline(heading[2]!, context));
      const lines = block.split('\n');
      if (lines.every((line) => /^\s*[-*] /.test(line))) {
        return h(
          'ul',
          {},
          lines.map((line) => h('li', {}, inline(line.replace(/^\s*[-*] /, ''), context))),
        );
      }
      return h('p', {}, inline(lines.join(' '), context));
    });
}

function inline(line: string, context: DrawContext): (Node | string)[] {
  const parts = line.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)\s]+\))/);
  return parts.map((part) => {
    if (part.startsWith('`')) return h('code', {}, part.slice(1, -1));
    if (part.startsWith('**')) return h('strong', {}, part.slice(2, -2));
    const [, label, url] = /^\[(.+)\]\((.+)\)$/.exec(part) ?? [];
    const address = url === undefined ? undefined : context.link(url);
    return address === undefined ? (label ?? part) : h('a', { href: address }, label);
  });
}
