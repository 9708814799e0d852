"""What the emulated settings page does by itself: tabs, dialogs, Save, and what comes back."""

SCRIPT = """
const $ = (id) => document.getElementById(id);
const pending = {};

const show = (name, value) => {
  for (const it of document.querySelectorAll(`[data-name="${name}"]`)) {
    if (it.type === "radio") it.checked = it.value === String(Number(value));
    else if (it.type === "checkbox") it.checked = value;
    else it.setAttribute("aria-checked", String(value));
  }
};

const send = async (values) => {
  const answer = await fetch("/account/setting/save", {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(values),
  });
  if (answer.status === 401) { location.href = "/signin"; return; }
  const now = await answer.json();
  for (const [name, value] of Object.entries(now)) show(name, value);
  for (const it of document.querySelectorAll("[data-child]"))
    it.disabled = !now.calendar_and_contacts_integration;
};

const change = (it, value) => {
  if (it.dataset.save === "1") {
    pending[it.dataset.name] = value;
    show(it.dataset.name, value);
    $("save").disabled = false;
  } else send({[it.dataset.name]: value});
};

const ask = (it, value) => {
  $("yes").textContent = it.dataset.button || (value ? "Enable" : "Disable");
  $("yes").onclick = () => { $("ask").close(); change(it, value); };
  $("no").onclick = () => { $("ask").close(); };
  $("ask").showModal();
};

const tell = (it, value) => {
  send({[it.dataset.name]: value});
  $("yes").textContent = it.dataset.tells;
  $("yes").onclick = () => { $("ask").close(); };
  $("ask").showModal();
};

const start = () => {
  $("place").replaceWith($("content").content.cloneNode(true));
  for (const tab of document.querySelectorAll("[role=tab]")) tab.onclick = () => {
    for (const other of document.querySelectorAll("[role=tab]")) {
      other.setAttribute("aria-selected", String(other === tab));
      $(other.getAttribute("aria-controls")).hidden = other !== tab;
    }
  };
  for (const it of document.querySelectorAll("[data-name]")) it.onclick = (event) => {
    const value = it.type === "radio" ? it.value === "1"
      : it.type === "checkbox" ? it.checked : it.getAttribute("aria-checked") !== "true";
    if (it.dataset.asks === "1" && it.dataset.tells && value) tell(it, value);
    else if (it.dataset.asks === "1") { event.preventDefault(); ask(it, value); }
    else change(it, value);
  };
  if ($("save")) $("save").onclick = async () => {
    $("save").disabled = true;
    await send({...pending});
    for (const name in pending) delete pending[name];
  };
  if ($("notice")) {
    $("close-notice").onclick = () => $("notice").close();
    $("notice").showModal();
  }
};

setTimeout(start, slow);
"""
