// The promises about every committed dashboard, without a server: it uses only the kinds of kinds.ts (and
// live/ draws them), describes each panel and its empty state, and refreshes every 5 s.
import { describe, expect, it } from 'vitest';
import { alertRules } from '../grafana/alert-rules.ts';
import type { Panel } from '../grafana/dashboard.ts';
import { dashboards } from '../grafana/generate.ts';
import { PANEL_TYPES, UNITS } from '../grafana/kinds.ts';
import type { Target } from '../grafana/target.ts';

const all = Object.entries(dashboards);
const drawn = (panels: readonly Panel[]): Panel[] => panels.filter(({ type }) => type !== 'row');
const MACROS =
  'timeFilter_ms timeInterval_ms fromTime_ms toTime_ms interval_s conditionalAll'.split(' ');

interface Shown {
  readonly unit?: string;
  readonly noValue?: string;
}

describe.each(all)('%s', (file, { links, panels, refresh, templating, title, uid }) => {
  const sql = panels.flatMap(({ targets = [] }) => targets.map(({ rawSql }) => rawSql));

  it('has a uid like its file, a title, and refreshes every 5 seconds', () => {
    expect(`${uid.replaceAll('-', '_')}.json`).toBe(file);
    expect(title).not.toBe('');
    expect(refresh).toBe('5s');
  });

  it('gives each panel an id and a place of its own', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { h, w, x, y } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...cells.map((cell) => Number(cell.split(',')[0])))).toBeLessThan(24);
  });

  it('uses only kinds of panels and units that are listed', () => {
    expect(panels.filter(({ type }) => !PANEL_TYPES.includes(type))).toEqual([]);
    const units = drawn(panels).flatMap(({ fieldConfig }) => [
      (fieldConfig!.defaults as Shown).unit,
      ...fieldConfig!.overrides.flatMap(({ properties }) =>
        properties.filter(({ id }) => id === 'unit').map(({ value }) => value),
      ),
    ]);
    const listed: readonly unknown[] = UNITS;
    expect(units.filter((unit) => unit !== undefined && !listed.includes(unit))).toEqual([]);
  });

  it('explains every panel, and says what it shows when there is nothing', () => {
    const silent = drawn(panels).filter(({ description = '', fieldConfig }) => {
      return description.length < 10 || (fieldConfig!.defaults as Shown).noValue === undefined;
    });
    expect(silent.map((panel) => panel.title)).toEqual([]);
  });

  it('uses variables that it has, as quoted lists only, and macros that are listed', () => {
    const names = templating.list.map(({ name }) => name);
    for (const text of sql) {
      const left = text
        .replaceAll(/\$__conditionalAll\(([^$]*\$\{\w+:singlequote\}\)), \$(\w+)\)/g, (_, within: string, name: string) => {
          expect(names).toContain(name);
          return within;
        }); // prettier-ignore
      const macros = [...left.matchAll(/\$__(\w+)/g)].map((match) => match[1]!);
      expect(macros.filter((macro) => !MACROS.includes(macro))).toEqual([]);
      const variables = [...left.matchAll(/\$(?!__)\{?(\w+)(:\w+)?\}?/g)];
      for (const [whole, name] of variables) {
        expect(whole).toBe(`\${${name!}:singlequote}`);
        expect(names).toContain(name);
      }
    }
    const used = links.flatMap(({ url = '' }) =>
      [...url.matchAll(/\$\{(\w+)/g)].map((match) => match[1]),
    );
    expect(used.filter((name) => !names.includes(name!))).toEqual([]);
  });

  it('links to dashboards that exist', () => {
    const uids = all.map(([, dashboard]) => dashboard.uid);
    const text = JSON.stringify([links, panels]);
    const targets = [...text.matchAll(/"\/d\/([\w-]+)/g)].map((match) => match[1]!);
    expect(targets.length).toBeGreaterThan(2);
    expect(targets.filter((target) => !uids.includes(target))).toEqual([]);
  });
});

describe('the dashboards together', () => {
  it('repeat a panel by a variable that is there, asking for its one value', () => {
    const repeated = all.flatMap(([, { panels, templating }]) => {
      const names = templating.list.map(({ name }) => name);
      return panels.filter(({ repeat }) => repeat !== undefined && names.includes(repeat));
    });
    expect(repeated.length).toBeGreaterThan(0);
    for (const { repeat, targets } of repeated) {
      // Inside a copy the plugin's conditionalAll still sees All and would show every device.
      expect(targets![0]!.rawSql).not.toContain('conditionalAll');
      expect(targets![0]!.rawSql).toContain(`IN (\${${repeat!}:singlequote})`);
    }
  });
});

describe('the alert rules', () => {
  it('hold no dollar sign where Grafana would read the environment', () => {
    for (const { annotations, labels, title } of alertRules) {
      expect(JSON.stringify([title, labels, annotations])).not.toContain('$');
    }
  });

  it('ask without variables, which only a browser puts in, and look back as far as they say', () => {
    for (const { data, title } of alertRules) {
      const { rawSql } = data[0]!.model as Target;
      expect(rawSql, title).not.toMatch(/\$\{|conditionalAll/);
      expect(rawSql, title).toContain('$__timeFilter_ms(ingest_time)');
      expect(data[0]!.relativeTimeRange.from).toBeGreaterThanOrEqual(300);
    }
  });

  it('leave it to one of them to say that ClickHouse cannot be asked', () => {
    const loud = alertRules.filter(({ execErrState }) => execErrState !== 'KeepLast');
    expect(loud.map(({ uid }) => uid)).toEqual(['no-ingestion']);
  });

  it('point to panels that exist', () => {
    for (const { dashboardUid, panelId } of alertRules) {
      const [, dashboard] = all.find(([, { uid }]) => uid === dashboardUid)!;
      expect(dashboard.panels.map(({ id }) => id)).toContain(panelId);
    }
  });
});
