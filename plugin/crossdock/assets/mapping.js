/**
 * Makes the mapping's form nicer; without it the form works as well.
 * Adds rows, shows the text for "without a value" only where it counts, sends a mapping of any length, and warns of
 * what is not saved.
 */
const form = document.querySelector( '.crossdock-mapping' );

if ( form ) {
	const words = document.getElementById( 'crossdock-words' ).dataset;
	let changed = false;

	const settle = ( row ) => {
		const missing = row.querySelector( 'select[name$="[missing]"]' );
		const text = row.querySelector( '.crossdock-default' );
		if ( missing && text ) {
			text.hidden = missing.value !== 'default';
		}
		const how = row.querySelector( 'select[name$="[how]"]' );
		const source = row.querySelector( 'input[name$="[source]"]' );
		if ( how && source ) {
			if ( how.value === 'path' ) {
				source.setAttribute( 'list', 'crossdock-sources' );
			} else {
				source.removeAttribute( 'list' );
			}
		}
	};

	const renumber = ( row, number ) => {
		for ( const field of row.querySelectorAll( '[name]' ) ) {
			field.name = field.name.replace( /^(rule\[\d+\])\[\d+\]/, `$1[${ number }]` );
		}
		for ( const field of row.querySelectorAll( '[aria-label]' ) ) {
			field.setAttribute( 'aria-label', field.getAttribute( 'aria-label' ).replace( /\d+(?=\D*$)/, number + 1 ) );
		}
	};

	for ( const table of form.querySelectorAll( '.crossdock-rules' ) ) {
		const body = table.tBodies[ 0 ];
		const blank = body.querySelector( '.crossdock-spare' )?.cloneNode( true );
		for ( const spare of body.querySelectorAll( '.crossdock-spare' ) ) {
			if ( ! spare.querySelector( 'input[name$="[source]"]' ).value ) {
				spare.remove();
			}
		}
		if ( blank ) {
			const button = document.createElement( 'button' );
			button.type = 'button';
			button.className = 'button';
			button.textContent = words.add || '+';
			button.addEventListener( 'click', () => {
				const row = blank.cloneNode( true );
				renumber( row, body.rows.length );
				body.append( row );
				settle( row );
				row.querySelector( 'select, input:not([type="hidden"])' ).focus();
			} );
			const place = document.createElement( 'p' );
			place.append( button );
			table.after( place );
		}
	}

	form.querySelectorAll( '.crossdock-rules tbody tr' ).forEach( settle );
	form.addEventListener( 'change', ( event ) => {
		changed = true;
		const row = event.target.closest( 'tr' );
		if ( row ) {
			settle( row );
		}
	} );
	/*
	 * PHP takes no more than max_input_vars fields (often 1,000), which a long mapping has: all rules go as one.
	 */
	const pack = () => {
		const packed = {};
		for ( const field of form.querySelectorAll( '[name^="rule["]' ) ) {
			if ( field.type !== 'checkbox' || field.checked ) {
				const path = field.name.slice( 5, -1 ).split( '][' );
				let here = packed;
				for ( const part of path.slice( 0, -1 ) ) {
					here = here[ part ] = here[ part ] || {};
				}
				here[ path[ path.length - 1 ] ] = field.value;
			}
			field.disabled = true;
		}
		const whole = document.createElement( 'input' );
		whole.type = 'hidden';
		whole.name = 'packed';
		whole.value = JSON.stringify( packed );
		form.append( whole );
	};

	form.addEventListener( 'submit', () => {
		changed = false;
		pack();
	} );
	window.addEventListener( 'pageshow', ( event ) => {
		if ( event.persisted ) {
			window.location.reload();
		}
	} );
	window.addEventListener( 'beforeunload', ( event ) => {
		if ( changed ) {
			event.preventDefault();
		}
	} );
}
document.getElementById( 'crossdock-preview' )?.focus();
