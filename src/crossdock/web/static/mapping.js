// What the mapping editor gains from scripts: a field is dragged onto another. Picking both does the same without.

const SOURCE = '[data-path]';
const TARGET = '[data-target]';
let over = null;

const mark = (place) => {
  if (over === place) return;
  over?.classList.remove('is-over');
  place?.classList.add('is-over');
  over = place;
};
const place = (event) => (event.target instanceof Element ? event.target.closest(TARGET) : null);

document.addEventListener('dragstart', (event) => {
  const source = event.target instanceof Element && event.target.closest(SOURCE);
  if (!source) return;
  event.dataTransfer.setData('text/plain', source.dataset.path);
  event.dataTransfer.effectAllowed = 'link';
});
document.addEventListener('dragover', (event) => {
  mark(place(event));
  if (over) { event.preventDefault(); event.dataTransfer.dropEffect = 'link'; }
});
document.addEventListener('dragend', () => mark(null));
document.addEventListener('drop', (event) => {
  const target = place(event);
  const form = document.getElementById('editor');
  mark(null);
  if (!target || !form) return;
  event.preventDefault();
  form.elements.dragged.value = event.dataTransfer.getData('text/plain');
  form.elements.dropped_on.value = target.dataset.target;
  document.getElementById('drop').click();
});

// what is refused comes back as the same form, with the problem at its field
document.addEventListener('htmx:beforeSwap', (event) => {
  if (event.detail.xhr.status !== 422) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

// the rule that was opened is what is worked on next
document.addEventListener('htmx:afterSettle', (event) => {
  if (event.detail.elt?.id !== 'editor') return;
  const rule = document.querySelector('.rule.is-open');
  if (!rule) return;
  rule.scrollIntoView({ block: 'nearest' });
  const field = rule.querySelector('[aria-invalid="true"], #f-source');
  if (!rule.contains(document.activeElement)) field?.focus({ preventScroll: true });
});
