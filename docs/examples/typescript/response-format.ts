// The examples of docs/response-format.md in TypeScript.

// example: first
import { load } from "gpt4all";
import { z } from "zod";

const City = z.object({
  name: z.string(),
  country: z.enum(["France", "Germany", "Italy"]),
  people: z.int().describe("How many live there."),
});

const model = await load("smollm2");
const answer = await model.chat("Describe Berlin as JSON.", { response_format: City, max_tokens: 200, temperature: 0 });
const city = answer.parsed;
console.log(city.name, city.country, city.people);
// end of example

// example: choice
const { parsed: isIt } = await model.chat("Is Paris in France? Answer yes or no.", {
  response_format: z.enum(["yes", "no"]),
  max_tokens: 10,
  temperature: 0,
});
console.log(isIt);
// end of example

// example: limits
const Shopping = z.object({
  item: z.enum(["apples", "bread"]),
  count: z.int().min(1).max(9),
});

const { parsed: order } = await model.chat("I want two loaves of bread. As JSON.", {
  response_format: Shopping,
  max_tokens: 60,
  temperature: 0,
});
console.log(order.item, order.count);
// end of example

// example: refused
import { GrammarError } from "gpt4all";

try {
  await model.chat("Three digits.", { response_format: { type: "string", pattern: "[0-9]{3}" } });
} catch (error) {
  if (!(error instanceof GrammarError)) {
    throw error;
  }
  console.log(error.detail.keyword, error.detail.pointer, error.message);
}
// end of example

// example: checked
const digits = {
  type: "array",
  items: { enum: [3, 5, 7] },
  minItems: 2,
  maxItems: 3,
  allOf: [{ contains: { const: 3 } }, { contains: { const: 7 } }],
};
const lucky = await model.chat("Two lucky digits, as JSON.", {
  response_format: digits,
  strict: false,
  max_tokens: 50,
});
console.log(lucky.text, lucky.valid, lucky.invalid);
// end of example

// example: cut
import { ResponseFormatError } from "gpt4all";

try {
  (await model.chat("Describe Berlin as JSON.", { response_format: City, max_tokens: 5 })).parsed;
} catch (error) {
  if (!(error instanceof ResponseFormatError)) {
    throw error;
  }
  console.log(error.message, error.detail.finish_reason);
}
// end of example

// example: grammar
const coin = await model.chat("Heads or tails?", { grammar: 'root ::= "heads" | "tails"', max_tokens: 10 });
console.log(coin.text);
// end of example

// example: close
await model.close();
// end of example
