import { locale, t } from "./index.svelte";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** A size as people say it: 1.2 GB. */
export function bytes(count: number): string {
  let [value, unit] = [count, 0];
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const options: Intl.NumberFormatOptions = { style: "unit", unit: UNITS[unit] ?? "byte", unitDisplay: "short" };
  return number(value, { ...options, maximumFractionDigits: unit > 2 ? 1 : 0 });
}

export function number(value: number, options: Intl.NumberFormatOptions = {}): string {
  return new Intl.NumberFormat(locale(), options).format(value);
}

/** How large a model is, as all of them say it: 1.5B, 640M. */
export const parameters = (count: number): string =>
  new Intl.NumberFormat("en-US", { notation: "compact" }).format(count);

/** How long something takes, to a precision that can be believed: 8 s, 3 min, 1 h 20 min. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const digits = seconds < 1 ? 1000 : seconds < 10 ? 10 : 1;
  if (whole < 60) return t("time.seconds", { n: Math.round(seconds * digits) / digits });
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return t("time.minutes", { n: minutes });
  return t("time.hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

export function dateTime(seconds: number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(seconds * 1000);
}

export function clock(seconds: number): string {
  return new Intl.DateTimeFormat(locale(), { timeStyle: "medium" }).format(seconds * 1000);
}
