<?php
/**
 * A text for the privacy policy.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Privacy;

/**
 * The text that is suggested for the site's privacy policy.
 */
final class Policy {

	/**
	 * Returns the text.
	 *
	 * @return string HTML of paragraphs.
	 */
	public static function text(): string {
		$paragraphs = array(
			__( 'We pass on data about our customers, registered users and their orders to the systems with which we run our business (such as a customer relationship system, accounting or a newsletter service). A service named Crossdock, run by us or on our behalf, carries them there.', 'crossdock' ),
			__( 'These data are: name, addresses, e-mail address, telephone number, the content and the state of orders and refunds, registration and, where we have switched it on, logins; what other parts of this site report as events; and whether you agreed to receive advertising, when, where and to which text.', 'crossdock' ),
			__( 'If you allowed statistics, the pseudonymous identifiers of Google Analytics are kept with your order.', 'crossdock' ),
			__( 'Until they are passed on, these data wait in this site’s database; afterwards only which record was sent and when is kept for a few days. Nobody is subscribed to advertising without consent, and consent can be withdrawn at any time.', 'crossdock' ),
			__( 'When you ask for erasure, what waits here is deleted and the connected systems are told to erase your data too.', 'crossdock' ),
		);
		return '<p>' . implode( '</p><p>', array_map( 'esc_html', $paragraphs ) ) . '</p>';
	}
}
