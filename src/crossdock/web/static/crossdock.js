// What pages gain from scripts; each of them works without.

// Live: sections with data-topic load themselves anew when the hub says that their topic changed.
const channel = document.body.dataset.live;
if (channel) {
  const source = new EventSource(channel);
  let due = new Set();
  let timer = 0;
  const flush = () => {
    timer = 0;
    // nobody looks: once when the page is looked at again
    if (document.hidden) return;
    const chosen = [...due].map((topic) => `[data-topic~="${CSS.escape(topic)}"]`).join();
    const told = due;
    due = new Set();
    for (const section of document.querySelectorAll(chosen)) {
      // what is on its way may be older than the news, and takes the place of this section
      if (section.matches('.htmx-request')) {
        for (const topic of section.dataset.topic.split(' ')) if (told.has(topic)) due.add(topic);
        continue;
      }
      // what a person is typing or choosing into is left alone
      if (section.contains(document.activeElement) && document.activeElement.matches('input, select, textarea')) continue;
      if (section.querySelector('input[type="checkbox"]:checked')) continue;
      htmx.trigger(section, 'changed');
    }
    if (due.size) soon();
  };
  const soon = () => { timer ||= setTimeout(flush, 250); };
  // "*" comes once the hub begins to look: whatever changed since the page was made is in no other message
  const every = () => [...document.querySelectorAll('[data-topic]')].flatMap((one) => one.dataset.topic.split(' '));
  source.addEventListener('changed', (event) => {
    for (const topic of event.data === '*' ? every() : [event.data]) due.add(topic);
    if (due.size) soon();
  });
  document.addEventListener('visibilitychange', () => due.size && soon());
  addEventListener('pagehide', () => source.close());
}

// A page on its way to another goes there: a part that loaded itself meanwhile and was sent to the login, as the session had
// just ended, took a person who logged out to "log in to go on".
let leaving = -Infinity;
addEventListener('beforeunload', () => { leaving = performance.now(); });
document.addEventListener('htmx:beforeOnLoad', (event) => {
  const { xhr, requestConfig } = event.detail;
  const sent = requestConfig.verb === 'get' && xhr.getResponseHeader('HX-Redirect');
  // a download leaves no page: after a while it counts as stayed
  if (sent && performance.now() - leaving < 10_000) event.preventDefault();
});

document.addEventListener('change', (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || box.type !== 'checkbox') return;
  const table = box.closest('table');
  if (!table) return;
  const picks = [...table.querySelectorAll('tbody .pick input')];
  if (box.hasAttribute('data-all')) for (const one of picks) one.checked = box.checked;
  for (const one of picks) one.closest('tr').setAttribute('aria-selected', String(one.checked));
  const chosen = picks.filter((one) => one.checked).length;
  for (const place of document.querySelectorAll('[data-chosen]')) place.textContent = String(chosen);
});

document.addEventListener('click', async (event) => {
  const button = event.target instanceof Element && event.target.closest('[data-copy]');
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.setAttribute('aria-label', 'Copied');
});

// "/" goes to the search field, as people know it
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.activeElement && document.activeElement.matches('input, select, textarea, [contenteditable]')) return;
  const find = document.getElementById('find');
  if (find) { event.preventDefault(); find.focus(); }
});
