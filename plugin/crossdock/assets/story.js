/**
 * Fills the story of an order or a person with what the hub knows; the screen stands before. What does not come
 * leaves the place empty; the links to the activity stand below it.
 */
for ( const place of document.querySelectorAll( '[data-crossdock-story]' ) ) {
	place.setAttribute( 'aria-busy', 'true' );
	fetch( place.dataset.crossdockStory, { credentials: 'same-origin' } )
		.then( ( answer ) => ( answer.ok ? answer.text() : Promise.reject( answer.status ) ) )
		.then( ( html ) => {
			place.innerHTML = html;
		} )
		.catch( () => {} )
		.finally( () => place.removeAttribute( 'aria-busy' ) );
}
