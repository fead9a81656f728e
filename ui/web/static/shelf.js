// The Library tab: a button beside each article takes it away, and one beside each that was removed lately brings it back.

import { write } from "./text.js";

const field = () => document.querySelector("#meant textarea, #meant input");

/** Answer the buttons of the tab. */
export function raise() {
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest?.("#articles [data-remove], #removed [data-restore]");
    if (pressed) act(pressed);
  });
}

/** Say which article is meant, and press what does it; the keyboard goes on where the button was. */
async function act(pressed) {
  const removes = pressed.dataset.remove !== undefined;
  const list = removes ? "#articles [data-remove]" : "#removed [data-restore]";
  const at = [...document.querySelectorAll(list)].indexOf(pressed);
  const doing = document.getElementById(removes ? "remove" : "bring-back");
  if (!field() || !doing || pressed.disabled) return;
  pressed.disabled = true;
  write(field(), decodeURIComponent(removes ? pressed.dataset.remove : pressed.dataset.restore));
  await new Promise((done) => setTimeout(done, 30)); // Gradio takes the words over first
  doing.click();
  for (let waited = 0; waited < 100 && pressed.isConnected; waited += 1) await new Promise((done) => setTimeout(done, 50));
  pressed.disabled = false; // where it could not be done
  const left = document.querySelectorAll(list);
  (left[Math.min(at, left.length - 1)] || document.querySelector("#library input, #library textarea"))?.focus();
}
