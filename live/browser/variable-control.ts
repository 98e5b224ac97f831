// The control of one variable: a button that shows the choice and opens a list, with a field that narrows the
// list or takes a value that is not in it.
import type { VariableDeclaration } from '../model/dashboard.ts';
import { freshId, h, icon } from './dom.ts';

export const ALL = '$__all';
const MOST_SHOWN = 200;
const SHORT_LIST = 8;

interface Option {
  readonly text: string;
  readonly value: string;
}

export class VariableControl {
  readonly element: HTMLElement;
  readonly #declared: VariableDeclaration;
  readonly #change: (values: readonly string[]) => void;
  readonly #button: HTMLButtonElement;
  readonly #menu: HTMLElement;
  readonly #search: HTMLInputElement;
  readonly #list: HTMLElement;
  #options: readonly Option[];
  #values: readonly string[];

  constructor(
    declared: VariableDeclaration,
    values: readonly string[],
    change: (values: readonly string[]) => void,
  ) {
    this.#declared = declared;
    this.#change = change;
    this.#options = declared.options;
    this.#values = values;
    const menuId = freshId('menu');
    const label = freshId('label');
    this.#button = h('button', {
      ...{ type: 'button', class: 'control', id: freshId('variable'), 'aria-haspopup': 'true' },
      ...{ 'aria-expanded': 'false', 'aria-controls': menuId },
      onclick: () => this.#toggle(),
    });
    this.#button.setAttribute('aria-labelledby', `${label} ${this.#button.id}`);
    const hint = isOpen(declared) ? 'Find, or type a value' : 'Find';
    this.#search = h('input', {
      ...{ type: 'text', autocomplete: 'off', spellcheck: 'false', maxlength: 200 },
      ...{
        placeholder: hint,
        'aria-label': `${declared.label}: ${hint.toLowerCase()}`,
      },
      oninput: () => this.#fill(),
      onkeydown: (event: KeyboardEvent) => {
        if (event.key !== 'Enter') return;
        // Or the choice that takes the focus would be pressed by the same key.
        event.preventDefault();
        this.#enter();
      },
    });
    this.#list = h('div', { class: 'menu-list', role: 'group', 'aria-label': declared.label });
    this.#menu = h('div', { class: 'menu', id: menuId, hidden: true }, this.#search, this.#list);
    this.element = h(
      'div',
      { class: 'variable', 'data-variable': declared.name },
      h('span', { class: 'control-label', id: label, title: declared.description }, declared.label),
      this.#button,
      this.#menu,
    );
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.element.addEventListener('focusout', (event) => {
      if (!this.element.contains(event.relatedTarget as Node | null)) this.#close(false);
    });
    this.#label();
  }

  /** Options of a query, as they are now. */
  offer(options: readonly string[]): void {
    const same =
      options.length === this.#options.length &&
      options.every((each, i) => this.#options[i]!.value === each);
    if (same) return;
    this.#options = options.map((value) => ({ text: value, value }));
    if (!this.#menu.hidden) this.#fill();
  }

  /** Values that were chosen elsewhere, as by the browser's back button. */
  show(values: readonly string[]): void {
    this.#values = values;
    this.#label();
  }

  #label(): void {
    const names = this.#values.map((value) => {
      if (value === ALL) return 'All';
      return this.#options.find((option) => option.value === value)?.text ?? value;
    });
    const shown =
      names.length === 0 ? 'All' : names.length > 2 ? `${names.length} chosen` : names.join(', ');
    this.#button.replaceChildren(h('span', { class: 'control-text' }, shown), icon('chevron'));
  }

  #toggle(): void {
    if (!this.#menu.hidden) {
      this.#close(true);
      return;
    }
    this.#menu.hidden = false;
    this.#button.setAttribute('aria-expanded', 'true');
    this.#search.value = '';
    // A short list needs no search.
    this.#search.hidden = !isOpen(this.#declared) && this.#options.length <= SHORT_LIST;
    this.#fill();
    const chosen =
      this.#list.querySelector<HTMLElement>('[aria-pressed=true]') ??
      this.#list.querySelector('button');
    if (this.#search.hidden) chosen?.focus();
    else this.#search.focus();
  }

  #close(focus: boolean): void {
    if (this.#menu.hidden) return;
    this.#menu.hidden = true;
    this.#button.setAttribute('aria-expanded', 'false');
    if (focus) this.#button.focus();
  }

  #fill(): void {
    const { includeAll, multi } = this.#declared;
    const wanted = this.#search.value.trim();
    const found = this.#options.filter(({ text }) =>
      text.toLowerCase().includes(wanted.toLowerCase()),
    );
    const all: Option[] = includeAll && wanted === '' ? [{ text: 'All', value: ALL }] : [];
    const isNew =
      isOpen(this.#declared) &&
      wanted !== '' &&
      !this.#options.some(({ value }) => value === wanted);
    const typed: Option[] = isNew ? [{ text: `Use “${wanted}”`, value: wanted }] : [];
    const chosen = this.#values.filter(
      (value) => value !== ALL && !this.#options.some((o) => o.value === value),
    );
    const extra = wanted === '' ? chosen.map((value) => ({ text: value, value })) : [];
    const options = [...all, ...extra, ...found.slice(0, MOST_SHOWN), ...typed];
    this.#list.replaceChildren(
      ...options.map((option) => this.#choice(option, multi)),
      ...(options.length === 0 ? [h('p', { class: 'note' }, 'Nothing to choose from yet.')] : []),
    );
  }

  #choice({ text, value }: Option, multi: boolean): HTMLElement {
    const isChosen = this.#values.includes(value) || (value === ALL && this.#values.length === 0);
    const mark = h(
      'span',
      { class: isChosen ? 'mark chosen' : 'mark', 'aria-hidden': 'true' },
      isChosen && icon('check'),
    );
    const attributes = {
      type: 'button',
      class: 'choice',
      'aria-pressed': String(isChosen),
      title: text,
    };
    return h(
      'button',
      { ...attributes, onclick: () => this.#choose(value, multi) },
      mark,
      h('span', {}, text),
    );
  }

  #choose(value: string, multi: boolean): void {
    if (!multi || value === ALL) this.#values = [value];
    else {
      const others = this.#values.filter((each) => each !== ALL && each !== value);
      const next = this.#values.includes(value) ? others : [...others, value];
      this.#values = next.length === 0 && this.#declared.includeAll ? [ALL] : next;
    }
    this.#label();
    this.#change(this.#values);
    if (!multi || value === ALL) {
      this.#close(true);
      return;
    }
    this.#fill();
    const again = [...this.#list.children].find((each) => each.getAttribute('title') === value);
    if (again instanceof HTMLElement) again.focus();
    else this.#search.focus();
  }

  /** The typed value, or the only one found. */
  #enter(): void {
    const wanted = this.#search.value.trim();
    const { multi } = this.#declared;
    const found = this.#options.filter(({ text }) =>
      text.toLowerCase().includes(wanted.toLowerCase()),
    );
    const exact = found.find(({ text, value }) => text === wanted || value === wanted);
    const value =
      exact?.value ??
      (found.length === 1
        ? found[0]!.value
        : isOpen(this.#declared) && wanted !== ''
          ? wanted
          : undefined);
    if (value === undefined) return;
    this.#search.value = '';
    this.#choose(value, multi);
  }

  #key(event: KeyboardEvent): void {
    if (this.#menu.hidden) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      this.#close(true);
      return;
    }
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    const search = this.#search.hidden ? [] : [this.#search];
    const stops = [...search, ...this.#list.querySelectorAll('button')];
    const at = stops.findIndex((each) => each === document.activeElement);
    const next = at + (event.key === 'ArrowDown' ? 1 : -1);
    stops[(next + stops.length) % stops.length]?.focus();
  }
}

/** Whether a value that is not in the list may be typed. */
function isOpen({ type }: VariableDeclaration): boolean {
  return type === 'query' || type === 'textbox';
}
