// What a panel's SQL becomes before it is sent, for the tests of the dashboards: the live page expands
// with the same code.
export { expand, type Viewed } from '../../live/sql/macros.ts';
