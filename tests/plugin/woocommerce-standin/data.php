<?php
/** A thing with a document: kept as JSON at its post. */
abstract class WC_Data {
	const KEY = '_standin';
	protected $id     = 0;
	protected $doc    = array();
	protected $shape  = '';
	protected $post   = '';
	protected $saved  = array();

	public function __construct( $id = 0 ) {
		$this->doc = json_decode( file_get_contents( __DIR__ . '/documents.json' ), true )[ $this->shape ];
		$id        = is_object( $id ) ? $id->get_id() : (int) $id;
		if ( $id > 0 ) {
			$kept = json_decode( (string) get_post_meta( $id, self::KEY, true ), true );
			if ( ! is_array( $kept ) || get_post_type( $id ) !== $this->post ) {
				throw new Exception( "no $this->shape $id" );
			}
			$this->id  = $id;
			$this->doc = $kept;
		}
		$this->saved = $this->doc;
	}
	public function get_id() {
		return $this->id;
	}
	public function get_data() {
		return $this->doc;
	}
	public function document() {
		return array( 'id' => $this->id ) + $this->doc;
	}
	public function __call( $name, $args ) {
		$verb  = substr( $name, 0, 4 );
		$field = substr( $name, 4 );
		$at    = &$this->doc;
		if ( preg_match( '/^(billing|shipping)_(.+)$/', $field, $found ) && isset( $this->doc[ $found[1] ] ) && array_key_exists( $found[2], $this->doc[ $found[1] ] ) ) {
			$at    = &$this->doc[ $found[1] ];
			$field = $found[2];
		}
		if ( ! array_key_exists( $field, $at ) || ! in_array( $verb, array( 'get_', 'set_' ), true ) ) {
			throw new BadMethodCallException( get_class( $this ) . "::$name" );
		}
		if ( 'get_' === $verb ) {
			return $at[ $field ];
		}
		$at[ $field ] = is_int( $at[ $field ] ) && is_numeric( $args[0] ) ? (int) $args[0] : $args[0];
	}
	public function get_meta_data() {
		return array_map( static function ( $one ) { return (object) $one; }, $this->doc['meta_data'] );
	}
	public function meta_exists( $key = '' ) {
		return in_array( $key, array_column( $this->doc['meta_data'], 'key' ), true );
	}
	public function get_meta( $key = '', $single = true, $context = 'view' ) {
		foreach ( $this->doc['meta_data'] as $one ) {
			if ( $one['key'] === $key ) {
				return $one['value'];
			}
		}
		return $single ? '' : array();
	}
	public function add_meta_data( $key, $value, $unique = false ) {
		$this->doc['meta_data'][] = array( 'id' => 1 + count( $this->doc['meta_data'] ), 'key' => $key, 'value' => $value );
	}
	public function update_meta_data( $key, $value, $id = 0 ) {
		foreach ( $this->doc['meta_data'] as $n => $one ) {
			if ( $one['key'] === $key ) {
				$this->doc['meta_data'][ $n ]['value'] = $value;
				return;
			}
		}
		$this->add_meta_data( $key, $value );
	}
	public function delete_meta_data( $key ) {
		$this->doc['meta_data'] = array_values( array_filter( $this->doc['meta_data'], static function ( $one ) use ( $key ) { return $one['key'] !== $key; } ) );
	}
	public function save_meta_data() {
		if ( $this->id ) {
			$this->keep();
		}
	}
	/** Writes a moment into a field and its twin in GMT. */
	protected function at( $field, $time = null ) {
		$time                         = $time ?? time();
		$this->doc[ "{$field}_gmt" ]  = gmdate( 'Y-m-d\TH:i:s', $time );
		$this->doc[ $field ]          = wp_date( 'Y-m-d\TH:i:s', $time );
	}
	/** Makes the post on the first time, and keeps the document. */
	protected function store( $status, $parent = 0 ) {
		$fresh = 0 === $this->id;
		if ( $fresh ) {
			$this->at( 'date_created' );
			$this->id = wp_insert_post( array( 'post_type' => $this->post, 'post_status' => $status, 'post_title' => (string) ( $this->doc['name'] ?? 'Order' ), 'post_name' => uniqid( 'standin-' ), 'post_parent' => $parent ) );
		} elseif ( get_post_status( $this->id ) !== $status ) {
			global $wpdb;
			$wpdb->update( $wpdb->posts, array( 'post_status' => $status ), array( 'ID' => $this->id ) );
			clean_post_cache( $this->id );
		}
		$this->at( 'date_modified' );
		$this->keep();
		return $fresh;
	}
	protected function keep() {
		global $wpdb;
		$this->saved = $this->doc;
		$json        = wp_json_encode( $this->doc, JSON_PRESERVE_ZERO_FRACTION );
		// without WordPress' own hooks for meta: a real shop keeps orders elsewhere
		$wpdb->delete( $wpdb->postmeta, array( 'post_id' => $this->id, 'meta_key' => self::KEY ) );
		$wpdb->insert( $wpdb->postmeta, array( 'post_id' => $this->id, 'meta_key' => self::KEY, 'meta_value' => $json ) );
		wp_cache_delete( $this->id, 'post_meta' );
	}
}
class WC_Data_Store {}
