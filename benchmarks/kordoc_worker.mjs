// Reads files with kordoc, one JSON line for each path on the standard input. KORDOC names its installed module.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const { parse } = await import(process.env.KORDOC);
for await (const path of createInterface({ input: process.stdin })) {
  const begun = process.cpuUsage();
  let text = "", error = "";
  try {
    const bytes = readFileSync(path);
    const result = await parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    if (result.success === false) error = String(result.error ?? result.code ?? "failed");
    text = String(result.markdown ?? "").replace(/<[^>]{1,80}>/g, "").replace(/[|#*`\\]/g, "");
  } catch (problem) {
    error = String(problem).slice(0, 200);
  }
  const used = process.cpuUsage(begun);
  process.stdout.write(JSON.stringify({ path, text, seconds: (used.user + used.system) / 1e6, error }) + "\n");
}
