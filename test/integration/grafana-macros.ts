// Expands a panel's SQL for the tests of the dashboards, with the code of the live page.
export { expand, type Viewed } from '../../live/sql/macros.ts';
