import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import "./chat/markdown.css";
import { app } from "./state/app.svelte";

const target = document.getElementById("app");
if (!target) throw new Error("the page has no element with the id app");
target.replaceChildren();
mount(App, { target });
void app.start();
