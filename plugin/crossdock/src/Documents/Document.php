<?php
/**
 * What reads the documents of a kind.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Documents;

/**
 * Reads one thing of the site as the hub takes it: the shape in which WooCommerce's REST API (wc/v3) answers, without `_links`.
 */
interface Document {

	/**
	 * Reads the present state.
	 *
	 * @param int $id The site's id.
	 * @return Found
	 */
	public function read( int $id ): Found;
}
