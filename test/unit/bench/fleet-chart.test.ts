import { describe, expect, it } from "vitest";
import { drawPanel, type Panel, type Series, WIDTH } from "../../../bench/fleet-chart.ts";

const LABEL = /<text class="label \w+" x="([\d.]+)" y="([\d.]+)">([^<]*)</g;
const DOT = /<circle [^>]*cx="([\d.]+)" cy="([\d.]+)"/g;

function line(label: string, ...values: readonly number[]): Series {
  const counts = [100, 1_000, 5_000];
  return { kind: "other", label, points: values.map((value, index) => [counts[index]!, value]) };
}

function panel(...series: readonly Series[]): Panel {
  return { series, title: "Time & <memory>", unit: "ms" };
}

describe("a panel of the fleet's picture", () => {
  it("writes each label with its last value, apart from the others and within the picture", () => {
    const drawn = drawPanel(
      panel(line("a", 50, 51, 52), line("b", 50, 51, 52.1), line("c", 49, 50, 52.2)),
      0,
    );
    const labels = [...drawn.matchAll(LABEL)];
    expect(labels.map(([, , , text]) => text)).toEqual(["a 52", "b 52", "c 52"]);
    expect(labels.every(([, x]) => Number(x) < WIDTH)).toBe(true);
    const heights = labels.map(([, , y]) => Number(y)).toSorted((one, other) => one - other);
    const gaps = heights.slice(1).map((y, index) => y - heights[index]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(13.9);
  });

  it("draws a larger value higher, and more tenants further to the right", () => {
    const dots = [...drawPanel(panel(line("a", 10, 20, 40)), 0).matchAll(DOT)];
    const [first, second, third] = dots.map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
    expect(dots).toHaveLength(3);
    expect([first!.y > second!.y, second!.y > third!.y]).toEqual([true, true]);
    expect([first!.x < second!.x, second!.x < third!.x]).toEqual([true, true]);
  });

  it("starts an even axis at nothing, and gives a wide range powers of ten", () => {
    expect(drawPanel(panel(line("a", 90, 95, 99)), 0)).toMatch(/>0<.*>50<.*>100</s);
    expect(drawPanel(panel(line("a", 2, 2, 2), line("b", 80, 80, 80)), 0)).toMatch(
      />1<.*>10<.*>100</s,
    );
  });

  it("can be drawn from one size of the fleet, with text that is markup", () => {
    const drawn = drawPanel(panel(line("a < b", 7)), 10);
    expect(drawn).toContain("Time &amp; &lt;memory>");
    expect(drawn).toContain("a &lt; b 7");
    expect(drawn).not.toMatch(/NaN|Infinity|undefined/);
  });
});
