/* The connection test of the screen "Connection": one step after the other, each result as soon as it is known. */
( function () {
	'use strict';
	var form = document.getElementById( 'crossdock-test' );
	var list = document.getElementById( 'crossdock-test-results' );
	if ( ! form || ! list || ! window.fetch ) {
		return;
	}
	function title( step ) {
		var found = document.querySelector( '[data-step="' + step + '"]' );
		return found ? found.textContent : step;
	}
	function say( item, result ) {
		item.className = result.ok ? 'good' : 'bad';
		item.textContent = '';
		var name = document.createElement( 'strong' );
		name.textContent = result.title + ': ';
		item.appendChild( name );
		item.appendChild( document.getElementById( result.ok ? 'crossdock-test-good' : 'crossdock-test-bad' ).content.cloneNode( true ) );
		var words = [ result.text, result.remedy, result.said ? '(' + result.said + ')' : '' ];
		item.appendChild( document.createTextNode( ' ' + words.filter( Boolean ).join( ' ' ) ) );
	}
	function ask( step, item ) {
		var body = new URLSearchParams();
		body.set( 'action', 'crossdock_test' );
		body.set( '_ajax_nonce', form.dataset.nonce );
		body.set( 'step', step );
		return window.fetch( form.dataset.url, { method: 'POST', credentials: 'same-origin', body: body } ).then( function ( answer ) {
			return answer.json();
		} ).then( function ( answer ) {
			if ( ! answer || ! answer.success ) {
				throw new Error( 'refused' );
			}
			return answer.data;
		} ).catch( function () {
			return { ok: false, title: title( step ), text: form.dataset.failed, remedy: '', said: '' };
		} ).then( function ( result ) {
			say( item, result );
			return result.ok;
		} );
	}
	form.addEventListener( 'submit', function ( event ) {
		event.preventDefault();
		var button = form.querySelector( 'button' );
		var steps = form.dataset.steps.split( ',' );
		var failed = false;
		list.textContent = '';
		button.disabled = true;
		steps.reduce( function ( before, step ) {
			return before.then( function () {
				if ( failed && 'back' !== step ) {
					return;
				}
				var item = document.createElement( 'li' );
				item.textContent = title( step ) + ': ' + form.dataset.busy;
				list.appendChild( item );
				return ask( step, item ).then( function ( ok ) {
					failed = failed || ! ok;
				} );
			} );
		}, Promise.resolve() ).then( function () {
			button.disabled = false;
			button.focus();
		} );
	} );
}() );
