// How one value of one field is shown: overrides applied, mappings, thresholds, unit, colour. Pure.
import type {
  FieldDisplay,
  Mapping,
  MappingResult,
  Override,
  Panel,
  Thresholds,
} from './dashboard.ts';
import type { Cell, ColumnKind } from './protocol.ts';
import { formatNumber, timeText, type Shown } from './units.ts';

export interface FieldIdentity {
  readonly name: string;
  /** As people see it, where it differs from the name. */
  readonly displayName?: string;
  readonly kind: ColumnKind;
  readonly refId?: string;
}

/** Grafana's words for kinds, in overrides. */
const TYPES: Readonly<Record<ColumnKind, string>> = {
  time: 'time',
  number: 'number',
  text: 'string',
};

/** The display of a field: the panel's defaults with every matching override on top. */
export function fieldDisplay(panel: Panel, field: FieldIdentity): FieldDisplay {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const display: Record<string, unknown> = { ...defaults };
  let custom: Record<string, unknown> = { ...defaults.custom };
  for (const override of overrides) {
    if (!matches(override, field)) continue;
    for (const { id, value } of override.properties) {
      if (id.startsWith('custom.')) custom = { ...custom, [id.slice(7)]: value };
      else display[id] = value;
    }
  }
  return { ...display, custom };
}

function matches({ matcher: { id, options } }: Override, field: FieldIdentity): boolean {
  const names = [field.name, field.displayName].filter((name) => name !== undefined);
  switch (id) {
    case 'byName':
      return names.includes(String(options));
    case 'byNames': {
      const { names: wanted = [] } = (options ?? {}) as { names?: string[] };
      return names.some((name) => wanted.includes(name));
    }
    case 'byRegexp': {
      const pattern = regularExpression(String(options));
      return pattern !== undefined && names.some((name) => pattern.test(name));
    }
    case 'byType':
      return options === TYPES[field.kind];
    case 'byFrameRefID':
      return options === field.refId;
    default:
      return false;
  }
}

/** `/x/i` or `x` as an expression; undefined for what is none. */
function regularExpression(text: string): RegExp | undefined {
  const [, body, flags] = /^\/(.*)\/([gimsuy]*)$/s.exec(text) ?? [];
  try {
    return new RegExp(body ?? text, (flags ?? '').replace('g', ''));
  } catch {
    return undefined;
  }
}

/** The name of a line as its display says: `${__field.labels.device_id}`, `${__field.name}` or plain text. */
export function lineTitle(
  { displayName }: FieldDisplay,
  {
    field,
    labels,
    name,
  }: { field: string; labels: Readonly<Record<string, string>>; name: string },
): string {
  if (displayName === undefined || displayName === '') return name;
  const filled = displayName.replace(
    /\$\{__field\.(?:labels\.(\w+)|(name|displayName))\}|\$\{__series\.name\}/g,
    (_, label?: string, own?: string) => {
      if (label !== undefined) return labels[label] ?? '';
      return own === 'name' ? field : name;
    },
  );
  return filled.trim() === '' ? name : filled;
}

/** What the mappings make of a value; undefined when none fits. */
export function mapped(value: Cell, mappings: readonly Mapping[] = []): MappingResult | undefined {
  for (const mapping of mappings) {
    const result = mappedBy(value, mapping);
    if (result !== undefined) return result;
  }
  return undefined;
}

function mappedBy(value: Cell, mapping: Mapping): MappingResult | undefined {
  switch (mapping.type) {
    case 'value':
      return Object.hasOwn(mapping.options, String(value))
        ? mapping.options[String(value)]
        : undefined;
    case 'range': {
      const { from, to, result } = mapping.options;
      if (value === null || value === '' || !Number.isFinite(Number(value))) return undefined;
      const inside = Number(value) >= (from ?? -Infinity) && Number(value) <= (to ?? Infinity);
      return inside ? result : undefined;
    }
    case 'regex': {
      const { pattern, result } = mapping.options;
      return typeof value === 'string' && regularExpression(pattern)?.test(value)
        ? result
        : undefined;
    }
    case 'special': {
      const { match, result } = mapping.options;
      return isSpecial(value, match) ? result : undefined;
    }
  }
}

function isSpecial(value: Cell, match: string): boolean {
  const nothing = value === null;
  const nan = typeof value === 'number' && Number.isNaN(value);
  if (match === 'null') return nothing;
  if (match === 'nan') return nan;
  if (match === 'null+nan') return nothing || nan;
  if (match === 'true' || match === 'false') return String(value) === match;
  return match === 'empty' && value === '';
}

/** The name of the colour whose step a value has reached. */
export function thresholdColor(
  value: number,
  { mode, steps }: Thresholds,
  { min = 0, max = 100 }: { min?: number; max?: number } = {},
): string | undefined {
  const at = mode === 'percentage' ? ((value - min) / (max - min || 1)) * 100 : value;
  return (
    steps.findLast((step) => step.value === null || at >= step.value)?.color ?? steps[0]?.color
  );
}

export interface ShownCell extends Shown {
  /** Grafana's name of the colour that thresholds, a mapping or a fixed colour give. */
  readonly color: string | undefined;
}

/** A value as the panel shows it; nothing is `–`. */
export function showCell(
  value: Cell,
  kind: ColumnKind,
  display: FieldDisplay,
  nowMs?: number,
): ShownCell {
  const result = mapped(value, display.mappings);
  const color = result?.color ?? cellColor(value, display);
  if (result?.text !== undefined && result.text !== '')
    return { text: result.text, suffix: '', color };
  if (value === null || value === '') return { text: display.noValue ?? '–', suffix: '', color };
  if (typeof value !== 'number') return { text: String(value), suffix: '', color };
  if (kind === 'time' && (display.unit ?? '') === '')
    return { text: timeText(value), suffix: '', color };
  return { ...formatNumber(value, display.unit, display.decimals, nowMs), color };
}

function cellColor(value: Cell, { color, max, min, thresholds }: FieldDisplay): string | undefined {
  if (color?.mode === 'fixed') return color.fixedColor;
  if (color?.mode !== 'thresholds' || thresholds === undefined) return undefined;
  if (typeof value !== 'number') return value === null ? undefined : thresholds.steps[0]?.color;
  const bounds = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  return thresholdColor(value, thresholds, bounds);
}

/** The whole text of a shown value. */
export function cellText({ prefix = '', suffix, text }: Shown): string {
  return prefix + text + suffix;
}
