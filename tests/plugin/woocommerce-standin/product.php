<?php
class WC_Product extends WC_Data {
	protected $shape = 'product';
	protected $post  = 'product';
	public function __construct( $id = 0 ) {
		parent::__construct( $id );
		if ( 0 === $this->id ) {
			$this->doc['stock_quantity'] = null;
			$this->doc['stock_status']   = 'instock';
			foreach ( array( 'price', 'regular_price', 'sale_price' ) as $price ) {
				$this->doc[ $price ] = '';
			}
		}
	}
	public function get_type() {
		return 'simple';
	}
	public function is_type( $type ) {
		return in_array( $this->get_type(), (array) $type, true );
	}
	public function get_manage_stock() {
		return (bool) $this->doc['manage_stock'];
	}
	public function set_regular_price( $price ) {
		$this->doc['regular_price'] = (string) $price;
		$this->doc['price']         = (string) $price;
	}
	public function set_parent_id( $id ) {
		$this->doc['parent_id'] = (int) $id;
	}
	protected function suffix() {
		return '';
	}
	public function save() {
		$this->doc['type'] = $this->get_type();
		$fresh             = $this->store( $this->doc['status'], (int) $this->doc['parent_id'] );
		$kind              = '' === $this->suffix() ? 'product' : 'variation';
		if ( $fresh ) {
			do_action( "woocommerce_{$kind}_set_stock", $this );
			do_action( "woocommerce_{$kind}_set_stock_status", $this->id, $this->doc['stock_status'], $this );
		}
		do_action( 'woocommerce_product_object_updated_props', $this, array() );
		do_action( ( $fresh ? 'woocommerce_new_product' : 'woocommerce_update_product' ) . $this->suffix(), $this->id, $this );
		return $this->id;
	}
	public function delete( $force = false ) {
		$id = $this->id;
		if ( ! $force ) {
			wp_trash_post( $id );
			return true;
		}
		do_action( 'woocommerce_before_delete_product' . $this->suffix(), $id );
		wp_delete_post( $id, true );
		do_action( 'woocommerce_delete_product' . $this->suffix(), $id );
		$this->id = 0;
		return true;
	}
}
class WC_Product_Simple extends WC_Product {}
class WC_Product_Variable extends WC_Product {
	public function get_type() {
		return 'variable';
	}
}
class WC_Product_Variation extends WC_Product {
	protected $shape = 'variation';
	protected $post  = 'product_variation';
	public function get_type() {
		return 'variation';
	}
	protected function suffix() {
		return '_variation';
	}
}
add_action(
	'untrashed_post',
	static function ( $id ) {
		if ( 'product' === get_post_type( $id ) ) {
			wc_get_product( $id )->save();
		}
	},
	5
);
function wc_get_product( $id = false ) {
	if ( $id instanceof WC_Product ) {
		return $id;
	}
	try {
		if ( 'product_variation' === get_post_type( (int) $id ) ) {
			return new WC_Product_Variation( (int) $id );
		}
		if ( 'product' !== get_post_type( (int) $id ) ) {
			return false;
		}
		$product = new WC_Product_Simple( (int) $id );
		return 'variable' === $product->get_data()['type'] ? new WC_Product_Variable( (int) $id ) : $product;
	} catch ( Exception $none ) {
		return false;
	}
}
function wc_get_products( $args ) {
	$found = get_posts( array( 'post_type' => 'product', 'post_status' => 'any', 'numberposts' => $args['limit'] ?? 10, 'orderby' => 'ID', 'order' => $args['order'] ?? 'DESC', 'fields' => 'ids' ) );
	return 'ids' === ( $args['return'] ?? '' ) ? $found : array_map( 'wc_get_product', $found );
}
function wc_update_product_stock( $product, $quantity = null, $operation = 'set', $updating = false ) {
	$product = wc_get_product( $product );
	if ( ! $product->get_manage_stock() ) {
		return $product->get_stock_quantity();
	}
	$product->set_stock_quantity( (int) $quantity );
	$product->set_stock_status( $quantity > 0 ? 'instock' : 'outofstock' );
	$product->save();
	do_action( 'variation' === $product->get_type() ? 'woocommerce_variation_set_stock' : 'woocommerce_product_set_stock', $product );
	return $quantity;
}
