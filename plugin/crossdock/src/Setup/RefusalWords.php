<?php
/**
 * Why an update was refused, in words.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

/**
 * Says why a file is not installed and what to do.
 */
final class RefusalWords {

	/**
	 * Returns the words of a fault of `Release`, or of `foreign`.
	 *
	 * @param string $fault The fault.
	 * @return string
	 */
	public static function of( string $fault ): string {
		$all = array(
			'foreign'   => __( 'Crossdock was not updated: the file does not come from the hub this site is connected with.', 'crossdock' ),
			'unsigned'  => __( 'Crossdock was not updated: the hub did not say how the file is signed. Check the connection and try again.', 'crossdock' ),
			'key'       => __( 'Crossdock was not updated: the file is signed with another key than the one noted when this site was connected. If the hub’s master key was replaced, connect again with a new pairing code.', 'crossdock' ),
			'signature' => __( 'Crossdock was not updated: the signature is wrong. The file or its description was changed on the way.', 'crossdock' ),
			'sodium'    => __( 'Crossdock was not updated: this PHP cannot verify signatures (sodium is missing, and WordPress’ stand-in for it was not loaded).', 'crossdock' ),
			'older'     => __( 'Crossdock was not updated: the hub offers an older version than the one that is installed.', 'crossdock' ),
			'digest'    => __( 'Crossdock was not updated: the file is not the one that was signed. Try again; if it stays, something on the way changes it.', 'crossdock' ),
		);
		return $all[ $fault ] ?? $all['unsigned'];
	}
}
