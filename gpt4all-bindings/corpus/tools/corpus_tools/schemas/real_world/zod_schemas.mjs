// Schemas as applications write them with zod, in the dialects that z.toJSONSchema() writes. Makes zod.json beside it;
// with the zod of the TypeScript binding:
//
//   npm ci --ignore-scripts --prefix gpt4all-bindings/typescript
//   node gpt4all-bindings/corpus/tools/corpus_tools/schemas/real_world/zod_schemas.mjs

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const binding = new URL("../../../../../typescript/package.json", import.meta.url);
const { z } = createRequire(binding)("zod");

// --- what applications ask of a model ---

const Person = z.object({
  name: z.string().min(1).describe("Full name"),
  age: z.int().min(0).max(150),
  email: z.email().optional(),
});

const Recipe = z.object({
  recipe: z.object({
    name: z.string(),
    ingredients: z.array(z.object({ name: z.string(), amount: z.string() })),
    steps: z.array(z.string()).min(1),
  }),
});

const Sentiment = z.enum(["positive", "negative", "neutral"]);

const Review = z.strictObject({
  sentiment: Sentiment,
  stars: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(5)]),
  confidence: z.number().min(0).max(1),
  quotes: z.array(z.string().max(200)).max(3),
});

const CalendarEvent = z.object({
  title: z.string(),
  starts: z.iso.datetime(),
  ends: z.iso.datetime({ offset: true }).nullable(),
  day: z.iso.date(),
  at: z.iso.time().optional(),
  lasts: z.iso.duration().optional(),
  attendees: z.array(z.email()).default([]),
});

const MinuteEvent = z.object({ at: z.iso.datetime({ precision: 3 }), local: z.iso.datetime({ local: true }) });

const Contact = z.object({
  id: z.uuid(),
  site: z.url(),
  phone: z.e164().nullish(),
  address: z.object({ street: z.string(), zip: z.string().regex(/^\d{5}$/), city: z.string() }).partial(),
});

const Tool = z.object({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  arguments: z.record(z.string(), z.json()),
});

const Weather = z.object({
  location: z.string().describe("City and country, such as Paris, France"),
  unit: z.enum(["celsius", "fahrenheit"]).default("celsius"),
  days: z.number().int().positive().lte(14).optional(),
});

const Shape = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("circle"), radius: z.number().positive() }),
  z.object({ kind: z.literal("rectangle"), width: z.number().positive(), height: z.number().positive() }),
  z.object({ kind: z.literal("polygon"), points: z.array(z.tuple([z.number(), z.number()])).min(3) }),
]);

const Notification = z.discriminatedUnion("channel", [
  z.strictObject({ channel: z.literal("mail"), to: z.email(), subject: z.string().max(120) }),
  z.strictObject({ channel: z.literal("sms"), to: z.e164(), text: z.string().max(160) }),
  z.strictObject({ channel: z.enum(["push", "in_app"]), user: z.uuid(), badge: z.int().nonnegative().optional() }),
]);

const Plan = z.object({
  steps: z.array(z.object({ step: z.number().int(), thought: z.string(), tool: z.string().nullable() })).nonempty(),
  answer: z.string().nullable(),
});

const Filter = z.object({
  and: z.array(z.object({ field: z.string(), op: z.enum(["eq", "ne", "lt", "gt", "in"]), value: z.any() })).optional(),
  limit: z.number().int().min(1).max(100).default(20),
  offset: z.number().int().nonnegative().default(0),
});

// --- recursion ---

const Category = z.object({
  name: z.string(),
  get children() {
    return z.array(Category);
  },
});

const Comment = z.object({
  author: z.string(),
  text: z.string(),
  get replies() {
    return z.array(Comment).optional();
  },
});

const Expression = z.lazy(() =>
  z.union([z.number(), z.object({ op: z.enum(["+", "-", "*", "/"]), left: Expression, right: Expression })]),
);

const LinkedList = z.object({
  value: z.int(),
  get next() {
    return LinkedList.nullable();
  },
});

const Folder = z
  .object({
    name: z.string().regex(/^[^/]+$/),
    get entries() {
      return z.array(z.union([File, Folder]));
    },
  })
  .meta({ id: "Folder" });
const File = z.object({ name: z.string(), bytes: z.int().nonnegative() }).meta({ id: "File", title: "A file" });

// --- forms and settings ---

const SignUp = z
  .object({
    username: z
      .string()
      .min(3)
      .max(20)
      .regex(/^[a-z0-9_]+$/i),
    password: z.string().min(8).max(72),
    repeated: z.string(),
    terms: z.literal(true),
  })
  .refine((form) => form.password === form.repeated, { path: ["repeated"] });

const Settings = z.looseObject({
  theme: z.enum(["light", "dark", "system"]).catch("system"),
  fontSize: z.number().multipleOf(0.5).min(8).max(32),
  shortcuts: z.record(z.string(), z.string().min(1)),
});

const Environment = z.object({
  NODE_ENV: z.enum(["development", "test", "production"]),
  PORT: z.coerce.number().int().min(1).max(65535),
  DATABASE_URL: z.url({ protocol: /^postgres$/ }),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).optional(),
});

const Feature = z.object({
  flags: z.record(z.enum(["beta", "dark_launch", "kill_switch"]), z.boolean()),
  overrides: z.partialRecord(z.enum(["eu", "us", "apac"]), z.number().min(0).max(100)),
  rollout: z.map(z.string(), z.number()).optional(),
});

const Money = z.object({ amount: z.string().regex(/^-?\d+\.\d{2}$/), currency: z.string().length(3).toUpperCase() });

const Order = z.object({
  id: z.string().startsWith("ord_").length(20),
  lines: z
    .array(z.object({ sku: z.string(), count: z.int32().min(1), price: Money }))
    .min(1)
    .max(50),
  total: Money,
  coupon: z.string().min(4).max(12).nullable().default(null),
  status: z.enum(["draft", "paid", "sent", "returned"]),
});

const Colours = z.object({
  hex: z.string().regex(/^#[0-9a-f]{6}$/),
  rgb: z.tuple([z.int().min(0).max(255), z.int().min(0).max(255), z.int().min(0).max(255)]),
  rgba: z.tuple([z.int(), z.int(), z.int()]).rest(z.number().min(0).max(1)),
  named: z.union([z.literal("red"), z.literal("green"), z.templateLiteral(["color-", z.int()])]),
});

const Identifiers = z.object({
  cuid: z.cuid2(),
  ulid: z.ulid(),
  nano: z.nanoid(),
  v4: z.uuidv4(),
  v7: z.uuidv7(),
  jwt: z.jwt().optional(),
  encoded: z.base64().optional(),
  urlSafe: z.base64url().optional(),
});

const Network = z.object({
  v4: z.ipv4(),
  v6: z.ipv6(),
  range: z.cidrv4(),
  range6: z.cidrv6().optional(),
  host: z.hostname(),
  ports: z.array(z.int().gte(1).lte(65535)).nonempty(),
});

const Strings = z.object({
  slug: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  contains: z.string().includes("@"),
  ends: z.string().endsWith(".pdf"),
  lower: z.string().lowercase(),
  upper: z.string().uppercase(),
  trimmed: z.string().trim().min(1),
  twice: z.string().regex(/[0-9]/).regex(/[a-z]/).min(8),
});

const Reaction = z.object({ emoji: z.emoji(), count: z.int().positive() });

const Numbers = z.object({
  percent: z.number().gte(0).lte(100).multipleOf(0.01),
  negative: z.number().negative(),
  open: z.number().gt(-1).lt(1),
  safe: z.number().int(),
  int32: z.int32(),
  uint32: z.uint32(),
  float32: z.float32(),
  even: z.int().multipleOf(2),
});

// --- extraction and classification ---

const Entities = z.object({
  people: z.array(z.string()).describe("Names of people in the text"),
  places: z.array(z.object({ name: z.string(), country: z.string().length(2).optional() })),
  dates: z.array(z.iso.date()),
  amounts: z.array(z.object({ value: z.number(), currency: z.enum(["EUR", "USD", "GBP"]) })),
});

const Ticket = z.object({
  category: z.enum(["bug", "billing", "how-to"]).meta({ description: "What it is about", examples: ["bug"] }),
  severity: z.literal([1, 2, 3]),
  reproducible: z.boolean().nullable(),
  steps: z.array(z.string()).optional(),
});

const Invoice = z.object({
  vendor: z.string(),
  date: z.iso.date(),
  lines: z.array(z.object({ text: z.string(), net: z.number(), vat: z.number().min(0).max(0.3) })),
  paid: z.boolean().default(false),
});

const Flight = z
  .object({
    from: z.string().regex(/^[A-Z]{3}$/),
    to: z.string().regex(/^[A-Z]{3}$/),
    fare: z.number().min(0).optional(),
    number: z.string().regex(/^[A-Z0-9]{2}\s?\d{1,4}$/),
  })
  .readonly();

const Quiz = z.array(
  z.object({ question: z.string(), options: z.array(z.string()).length(4), answer: z.enum(["A", "B", "C", "D"]) }),
);

const Moderation = z.record(z.enum(["hate", "violence", "self-harm"]), z.number().min(0).max(1));

const Answer = z.union([
  z.strictObject({ answer: z.string(), sources: z.array(z.url()) }),
  z.strictObject({ refusal: z.string() }),
]);

const ApiResult = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), data: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.object({ code: z.int(), message: z.string() }) }),
]);

const Base = z.object({ id: z.uuid(), createdAt: z.iso.datetime() });
const Article = z.intersection(Base, z.object({ title: z.string(), tags: z.array(z.string()).optional() }));
const Post = Base.extend({ body: z.string(), draft: z.boolean().optional() });
const PostPatch = Post.omit({ id: true, createdAt: true }).partial();
const PostKeys = Post.keyof();

const Chat = z.object({
  messages: z.array(
    z.discriminatedUnion("role", [
      z.object({ role: z.literal("user"), content: z.union([z.string(), z.array(z.object({ text: z.string() }))]) }),
      z.object({ role: z.literal("assistant"), content: z.string().nullable(), calls: z.array(Tool).optional() }),
    ]),
  ),
});

const Level = { Low: 0, Mid: 5, High: 10 };
const Matrix = z.array(z.array(z.number()).length(3)).length(3);
const Board = z.array(z.array(z.enum(["X", "O", ""])).length(3)).length(3);
const Trimmed = z.object({ count: z.string().transform((text) => text.length) });
const Piped = z.object({
  on: z.stringbool(),
  when: z.codec(z.iso.datetime(), z.date(), { decode: (t) => new Date(t), encode: (d) => d.toISOString() }),
});
const Tagged = z.object({ tags: z.array(z.string().min(1)).refine((tags) => new Set(tags).size === tags.length) });
const Exclusive = z.xor([z.object({ cash: z.number() }), z.object({ card: z.string() })]);
const Address = z.object({ line: z.string(), country: z.string() });
const Shipment = z.object({ from: Address, to: Address, via: z.array(Address) });

const draft7 = { target: "draft-7" };
const openapi = { target: "openapi-3.0" };
const input = { io: "input" };

const written = [
  ["Person", Person],
  ["Recipe", Recipe],
  ["Sentiment", Sentiment],
  ["Review", Review],
  ["Review, draft 7", Review, draft7],
  ["CalendarEvent", CalendarEvent],
  ["CalendarEvent, OpenAPI", CalendarEvent, openapi],
  ["MinuteEvent", MinuteEvent],
  ["Contact", Contact],
  ["Contact, input", Contact, input],
  ["Tool", Tool],
  ["Weather, input", Weather, input],
  ["Weather, draft 7", Weather, { ...draft7, ...input }],
  ["Shape", Shape],
  ["Shape, OpenAPI", Shape, openapi],
  ["Notification", Notification],
  ["Plan", Plan],
  ["Plan, OpenAPI", Plan, openapi],
  ["Filter, input", Filter, input],
  ["Category", Category],
  ["Comment, input", Comment, input],
  ["Expression", Expression],
  ["LinkedList, draft 7", LinkedList, draft7],
  ["Folder", Folder],
  ["SignUp", SignUp],
  ["Settings", Settings],
  ["Environment", Environment, input],
  ["Feature", Feature, { unrepresentable: "any" }],
  ["Order", Order],
  ["Order, OpenAPI", Order, { ...openapi, ...input }],
  ["Colours", Colours],
  ["Colours, draft 7", Colours, draft7],
  ["Identifiers", Identifiers],
  ["Network", Network],
  ["Strings", Strings],
  ["Reaction", Reaction],
  ["Numbers", Numbers],
  ["Numbers, OpenAPI", Numbers, openapi],
  ["Entities", Entities],
  ["Ticket", Ticket],
  ["Invoice, input", Invoice, input],
  ["Flight", Flight],
  ["Quiz", Quiz],
  ["Moderation", Moderation],
  ["Answer", Answer],
  ["ApiResult", ApiResult],
  ["Article", Article],
  ["Article, input", Article, input],
  ["Post, draft 7", Post, draft7],
  ["PostPatch", PostPatch],
  ["PostKeys", PostKeys],
  ["Chat", Chat],
  ["Level", z.object({ level: z.enum(Level) })],
  ["Matrix", Matrix],
  ["Board, OpenAPI", Board, openapi],
  ["Trimmed, input", Trimmed, input],
  ["Piped, input", Piped, input],
  ["Tagged", Tagged],
  ["Exclusive", Exclusive],
  ["Shipment", Shipment, { reused: "ref" }],
];

const made = written.map(
  ([name, schema, options = {}]) => `${JSON.stringify(name)}: ${JSON.stringify(z.toJSONSchema(schema, options))}`,
);
writeFileSync(new URL("zod.json", import.meta.url), `{\n${made.join(",\n")}\n}\n`);
