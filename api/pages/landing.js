"use strict";

// The copy buttons: each names, in data-copy, the element whose text it copies. Without a clipboard they stay hidden.

const said = document.getElementById("copied");

async function copy(button) {
  if (button.dataset.said) return;
  const source = document.getElementById(button.dataset.copy);
  const label = [...button.childNodes];
  button.dataset.said = "yes";
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
    said.textContent = "Copied to the clipboard.";
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = "Press Ctrl-C";
    said.textContent = "The browser refused: the text is selected, copy it by hand.";
  }
  setTimeout(() => {
    button.replaceChildren(...label);
    delete button.dataset.said;
    said.textContent = "";
  }, 2000);
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", () => copy(button));
}
