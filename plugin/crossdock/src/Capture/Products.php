<?php
/**
 * Products, variations and stock.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

/**
 * Notices products and variations that are made, changed, sold, trashed, restored or deleted. They are written together at
 * the end of the request: an import or a large cart pays few statements.
 */
class Products {

	/**
	 * The door to the outbox.
	 *
	 * @var Gate
	 */
	private Gate $gate;

	/**
	 * Parents of variations that are being deleted: variation => product.
	 *
	 * @var array<int, int>
	 */
	private array $parents = array();

	/**
	 * Takes what it works with.
	 *
	 * @param Gate $gate The door to the outbox.
	 */
	public function __construct( Gate $gate ) {
		$this->gate = $gate;
	}

	/**
	 * A product or variation was saved.
	 *
	 * @param int $id Its id.
	 * @return void
	 */
	public function saved( $id ): void {
		if ( $this->gate->open( 'send_products' ) ) {
			$this->gate->saved( 'product', (int) $id, 2 );
		}
	}

	/**
	 * The stock of a product or variation changed.
	 *
	 * @param mixed $product The product, or its id.
	 * @return void
	 */
	public function stock( $product ): void {
		if ( $this->gate->open( 'send_stock' ) ) {
			$this->gate->saved( 'product', is_object( $product ) && method_exists( $product, 'get_id' ) ? (int) $product->get_id() : (int) $product, 2 );
		}
	}

	/**
	 * A post went into the trash or came back: it may be a product.
	 *
	 * @param int $id The post.
	 * @return void
	 */
	public function post_touched( $id ): void {
		if ( $this->gate->open( 'send_products' ) && $this->is_product( (string) get_post_type( (int) $id ) ) ) {
			$this->gate->saved( 'product', (int) $id, 2 );
		}
	}

	/**
	 * A post is about to be deleted: notes what a variation belongs to.
	 *
	 * @param int $id The post.
	 * @return void
	 */
	public function going( $id ): void {
		if ( 'product_variation' === get_post_type( (int) $id ) ) {
			$this->parents[ (int) $id ] = (int) wp_get_post_parent_id( (int) $id );
		}
	}

	/**
	 * A post is gone: it may be a product.
	 *
	 * @param int   $id   The post.
	 * @param mixed $post What it was.
	 * @return void
	 */
	public function gone( $id, $post = null ): void {
		$type = $post instanceof \WP_Post ? $post->post_type : '';
		if ( $this->gate->open( 'send_products' ) && $this->is_product( $type ) ) {
			$parent = $this->parents[ (int) $id ] ?? 0;
			$this->gate->deleted( 'product', (int) $id, $parent > 0 ? array( 'parent_id' => $parent ) : array() );
		}
	}

	/**
	 * Tells whether a type of post is a product's.
	 *
	 * @param string $type The type.
	 * @return bool
	 */
	private function is_product( string $type ): bool {
		return 'product' === $type || 'product_variation' === $type;
	}
}
