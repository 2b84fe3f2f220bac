import { SvelteMap } from "svelte/reactivity";
import { ApiError, get, part, patch, post, put } from "../api/client";
import type { Attachment, Chat, ChatSettings, Context, Message, Sent, Started } from "../api/types";
import { t } from "../i18n/index.svelte";
import { app } from "./app.svelte";
import { chats } from "./chats.svelte";
import { models } from "./models.svelte";
import { Reply } from "./reply.svelte";
import { router } from "./router.svelte";
import { branches, leafBelow, pathTo } from "./tree";
import { attempt, ui } from "./ui.svelte";

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The chat that is shown; or, before its first message, one that does not exist yet. */
class Conversation {
  chat = $state.raw<Chat | null>(null);
  readonly messages = new SvelteMap<string, Message>();
  leaf = $state<string | null>(null);
  model = $state<string | null>(null);
  settings = $state.raw<ChatSettings>({});
  context = $state.raw<Context | null>(null);
  /** The answer that is being written. */
  reply = $state.raw<Reply | null>(null);
  /** A message to be shown, as a search has found it. */
  target = $state<string | null>(null);
  /** The words that it was found by, which are marked in it until another chat is shown, or something is sent. */
  found = $state.raw<{ message: string; query: string } | null>(null);
  opening = $state(false);
  sending = $state(false);
  /** Tokens in a second of the answer that is being written, or else of the latest. */
  readonly speed = $derived.by(() => {
    const before = this.path.findLast(({ stats }) => stats)?.stats;
    return this.reply?.stats?.tokens_per_second ?? this.reply?.speed ?? before?.tokens_per_second ?? null;
  });
  readonly path = $derived(pathTo(this.messages, this.leaf));
  readonly branches = $derived(branches(this.messages, this.path));

  /** Shows a chat, or the beginning of a new one. */
  async open(id: string | null): Promise<void> {
    if (id !== null && id === this.chat?.id) return;
    this.leave();
    if (id === null) return;
    this.opening = true;
    try {
      const chat = await get<Chat>(`/chats/${part(id)}`);
      if (router.route.id !== id) return; // another was chosen meanwhile
      this.take(chat);
      if (chat.job && chat.leaf) this.listen(chat.job, chat.leaf);
      void this.measure();
    } catch (error) {
      ui.fail(error);
      router.go("chat");
    } finally {
      this.opening = false;
    }
  }

  /** Shows the chat as the server has it now. */
  private async reload(): Promise<void> {
    const id = this.chat?.id;
    this.leave();
    if (id) await this.open(id);
  }

  /** Takes over what another window, or a program, has done in this chat. */
  async catchUp(): Promise<void> {
    const { chat, leaf } = this;
    if (!chat || this.reply || this.sending) return;
    let now: Chat;
    try {
      now = await get<Chat>(`/chats/${part(chat.id)}`);
    } catch (error) {
      const gone = error instanceof ApiError && error.status === 404;
      if (gone && this.chat?.id === chat.id && router.route.id === chat.id) {
        ui.fail(error);
        router.go("chat");
      }
      return; // otherwise the next change asks again
    }
    if (this.chat?.id !== chat.id || this.reply || this.sending) return;
    this.chat = now;
    this.model = now.model;
    if (!same(this.settings, now.settings)) this.settings = now.settings;
    // Those that are as they were stay, so that nothing is drawn anew.
    for (const message of now.messages) {
      // Not kept yet, as the disk was full: there is more of it here.
      if (message.state === "running" && !now.job && this.messages.has(message.id)) continue;
      if (!same(this.messages.get(message.id), message)) this.messages.set(message.id, message);
    }
    if (this.leaf === leaf) this.leaf = now.leaf; // unless another branch was chosen here meanwhile
    if (now.job && now.leaf) this.listen(now.job, now.leaf);
  }

  private leave(): void {
    this.reply?.close();
    this.reply = null;
    this.chat = null;
    this.messages.clear();
    this.leaf = null;
    if (!this.target) this.found = null;
    this.model = null;
    this.settings = {};
    this.context = null;
  }

  private take(chat: Chat): void {
    this.chat = chat;
    this.messages.clear();
    for (const message of chat.messages) this.messages.set(message.id, message);
    this.leaf = chat.leaf;
    this.model = chat.model;
    this.settings = chat.settings;
  }

  private async ensure(): Promise<Chat> {
    if (this.chat) return this.chat;
    const made = await post<Chat>("/chats", { model: this.model ?? app.state?.default_model, settings: this.settings });
    this.take(made);
    router.replace("chat", made.id);
    return made;
  }

  /** Sends a message below another; below what is shown if none is named. True if the server has it. */
  async send(content: string, attachments: Attachment[], parent: string | null = this.leaf): Promise<boolean> {
    this.sending = true;
    this.found = null;
    const sent = await attempt(async () => {
      const chat = await this.ensure();
      const body = { parent, content, attachments: attachments.map(({ id }) => id) };
      return post<Sent>(`/chats/${part(chat.id)}/messages`, body);
    });
    this.sending = false;
    if (!sent) return false;
    if (this.chat?.id === sent.user.chat_id) this.messages.set(sent.user.id, sent.user);
    this.begin(sent);
    return true;
  }

  async again(message: Message): Promise<void> {
    const started = await attempt(() => post<Started>(`/messages/${part(message.id)}/regenerate`));
    if (started) this.begin(started);
  }

  async goOn(message: Message): Promise<void> {
    const started = await attempt(() => post<Started>(`/messages/${part(message.id)}/continue`));
    if (started) this.begin(started, message.content);
  }

  private begin({ reply, job }: Started, before = ""): void {
    void attempt(() => chats.touch(reply.chat_id));
    if (this.chat?.id !== reply.chat_id) return; // another was opened meanwhile
    this.messages.set(reply.id, reply);
    this.leaf = reply.id;
    this.listen(job, reply.id, before);
  }

  private listen(job: string, message: string, before = ""): void {
    this.reply?.close();
    ui.announce(t("chat.answer_begins"));
    const reply = new Reply(job, message, before, {
      finished: (done) => this.finished(done),
      failed: (problem) => {
        const known = this.messages.get(message);
        if (known) this.finished({ ...known, ...reply.written, state: "failed", error: problem });
      },
      lost: () => void this.reload(),
      context: (context) => (this.context = context),
    });
    this.reply = reply;
  }

  private finished(message: Message): void {
    this.messages.set(message.id, message);
    this.reply = null;
    const stopped = message.state === "stopped";
    ui.announce(t(message.state === "failed" ? "chat.answer_failed" : stopped ? "chat.stopped" : "chat.answer_ends"));
    void attempt(() => chats.touch(message.chat_id));
    void models.refresh().catch(() => undefined); // how much memory it takes now; the next change asks again
    void this.measure();
  }

  /** Shows the newest branch with a message. */
  reveal(id: string): void {
    if (this.messages.has(id) && !this.path.some((message) => message.id === id)) {
      this.leaf = leafBelow(this.messages, id);
    }
  }

  async stop(): Promise<void> {
    await this.reply?.stop();
  }

  async choose(id: string): Promise<void> {
    this.leaf = leafBelow(this.messages, id);
    const { chat, leaf } = this;
    if (chat) await attempt(() => patch(`/chats/${part(chat.id)}`, { leaf }));
    void this.measure();
  }

  async setModel(model: string): Promise<void> {
    this.model = model;
    const { chat } = this;
    if (chat) await attempt(() => patch(`/chats/${part(chat.id)}`, { model }));
    void this.measure();
  }

  async setSettings(settings: ChatSettings): Promise<void> {
    this.settings = settings;
    const { chat } = this;
    if (chat) await attempt(() => patch(`/chats/${part(chat.id)}`, { settings }));
  }

  /** Makes the settings of this chat those of every new one with its model. */
  async keepForModel(): Promise<void> {
    const model = this.model ?? app.state?.default_model;
    if (!model) return;
    const kept = await attempt(() => put(`/models/${part(model)}/settings`, this.settings));
    if (kept !== null) ui.say(t("chatsettings.kept"));
  }

  /** What was kept for the model of this chat. */
  async settingsOfModel(): Promise<ChatSettings | null> {
    const model = this.model ?? app.state?.default_model;
    return model ? attempt(() => get<ChatSettings>(`/models/${part(model)}/settings`)) : null;
  }

  async decide(message: Message, call: string, approve: boolean): Promise<void> {
    await attempt(() => post(`/messages/${part(message.id)}/tool-calls/${part(call)}/decision`, { approve }));
  }

  /** How full the context is with what is shown. */
  private async measure(): Promise<void> {
    const { chat, leaf } = this;
    if (!chat || !leaf) return;
    try {
      const context = await get<Context>(`/chats/${part(chat.id)}/context?leaf=${part(leaf)}`);
      if (this.chat === chat && this.leaf === leaf) this.context = context;
    } catch {
      this.context = null; // the meter is left out: the model is not open, or is gone
    }
  }
}

export const conversation = new Conversation();
