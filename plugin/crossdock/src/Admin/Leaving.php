<?php
/**
 * What is said after a site was disconnected.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Answer;

/**
 * Says what became of the key: revoked, to be revoked by hand, or the original site's, which is to be left alone.
 */
final class Leaving {

	/**
	 * Returns what is said.
	 *
	 * @param Answer $answer What `Pairing::disconnect` returned.
	 * @return string
	 */
	public static function words( Answer $answer ): string {
		if ( $answer->ok() ) {
			return __( 'This site is disconnected; the hub has revoked its key. What waits in the queue stays.', 'crossdock' );
		}
		if ( 'copy' === $answer->code() ) {
			return __( 'This copy is disconnected. The key is that of the site it was copied from, so the hub was not told. What waits in the queue stays.', 'crossdock' );
		}
		return __( 'This site is disconnected. The hub could not be told: revoke the site’s key there. What waits in the queue stays.', 'crossdock' );
	}
}
