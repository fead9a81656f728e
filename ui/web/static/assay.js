// The page's own script: plain modules, no build step, nothing from elsewhere. Gradio shows the conversation; this is what can be done with it.

import * as frame from "./frame.js";
import * as pane from "./pane.js";
import * as shelf from "./shelf.js";
import * as store from "./store.js";
import * as talk from "./talk.js";

frame.raise();
pane.raise(talk.only);
shelf.raise();
store.begin(await frame.visitor());
await talk.begin();
await pane.follow();
document.documentElement.dataset.assay = "ready"; // for whoever waits for it
