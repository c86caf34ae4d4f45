<?php
/**
 * The documents of the site.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Documents;

/**
 * Reads the present state of an order, customer, product or refund. Filters of the site may change it on its way out.
 */
class Documents {

	/**
	 * What reads each kind.
	 *
	 * @var array<string, Document>
	 */
	private array $readers;

	/**
	 * What this process remembers.
	 *
	 * @var Memory
	 */
	private Memory $memory;

	/**
	 * Whether things have to be dropped from caches one by one.
	 *
	 * @var bool
	 */
	private bool $one_by_one = false;

	/**
	 * Takes what reads each kind.
	 *
	 * @param OrderDocument    $orders    Orders.
	 * @param CustomerDocument $customers Customers.
	 * @param ProductDocument  $products  Products and variations.
	 * @param RefundDocument   $refunds   Refunds.
	 * @param Memory           $memory    What this process remembers.
	 */
	public function __construct( OrderDocument $orders, CustomerDocument $customers, ProductDocument $products, RefundDocument $refunds, Memory $memory ) {
		$this->memory  = $memory;
		$this->readers = array(
			'order'    => $orders,
			'customer' => $customers,
			'product'  => $products,
			'refund'   => $refunds,
		);
	}

	/**
	 * Returns the kinds there are.
	 *
	 * @return array<int, string>
	 */
	public function kinds(): array {
		return array_keys( $this->readers );
	}

	/**
	 * Begins anew: what is read from now on is what the database holds now.
	 *
	 * @return void
	 */
	public function afresh(): void {
		$this->one_by_one = ! $this->memory->forget();
	}

	/**
	 * Reads a document.
	 *
	 * @param string $kind Either order, customer, product or refund.
	 * @param int    $id   The site's id.
	 * @return Found
	 */
	public function read( string $kind, int $id ): Found {
		if ( ! isset( $this->readers[ $kind ] ) ) {
			/* translators: %s: kind of a thing. */
			return Found::unreadable( sprintf( __( 'Nothing here reads a %s.', 'crossdock' ), $kind ) );
		}
		if ( $this->one_by_one ) {
			$this->memory->drop( $kind, $id );
		}
		$found = $this->readers[ $kind ]->read( $id );
		if ( Found::DOCUMENT !== $found->what ) {
			return $found;
		}
		/**
		 * Changes a document before it leaves the site.
		 *
		 * @param array  $data The document in the shape of wc/v3.
		 * @param string $kind Either order, customer, product or refund.
		 * @param int    $id   The site's id.
		 */
		$data = apply_filters( 'crossdock_document', $found->data, $kind, $id );
		return is_array( $data ) ? Found::document( $data ) : Found::nothing( __( 'A filter (crossdock_document) left nothing of it.', 'crossdock' ) );
	}
}
