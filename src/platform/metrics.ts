import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** What the program counts. Labels are route patterns, codes and kinds: a small, closed set, never an ID or a name. */
export type Metrics = {
  registry: Registry;
  counter<Label extends string>(name: string, help: string, labels?: readonly Label[]): Counter<Label>;
  gauge<Label extends string>(name: string, help: string, labels?: readonly Label[]): Gauge<Label>;
  histogram<Label extends string>(
    name: string,
    help: string,
    labels?: readonly Label[],
    buckets?: number[],
  ): Histogram<Label>;
};

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** A registry of its own (tests open several), with the process's memory, event loop and collector in it. */
export function openMetrics(options: { ofProcess?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.ofProcess ?? true) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    counter: (name, help, labels = []) =>
      new Counter({ name: `safelight_${name}`, help, labelNames: labels, registers }),
    gauge: (name, help, labels = []) => new Gauge({ name: `safelight_${name}`, help, labelNames: labels, registers }),
    histogram: (name, help, labels = [], buckets = SECONDS) =>
      new Histogram({ name: `safelight_${name}`, help, labelNames: labels, buckets, registers }),
  };
}
