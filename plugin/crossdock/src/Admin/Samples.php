<?php
/**
 * Sample data for tests.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

/**
 * Documents as this site would send them, about nobody.
 */
final class Samples {

	/**
	 * The kinds there are samples of.
	 */
	public const KINDS = array( 'order', 'customer', 'product', 'event' );

	/**
	 * Returns a sample.
	 *
	 * @param string $kind One of KINDS.
	 * @return array<string, mixed>
	 */
	public static function of( string $kind ): array {
		$address = array(
			'first_name' => 'Alex',
			'last_name'  => 'Example',
			'company'    => 'Example Ltd',
			'address_1'  => '1 Sample Street',
			'address_2'  => '',
			'city'       => 'Berlin',
			'state'      => '',
			'postcode'   => '10115',
			'country'    => 'DE',
			'phone'      => '+49 30 901820',
		);
		$person  = array( 'email' => 'alex@example.com' );
		switch ( $kind ) {
			case 'order':
				return array(
					'id'                => 999999001,
					'number'            => '999999001',
					'status'            => 'processing',
					'currency'          => 'EUR',
					'date_created_gmt'  => '2026-01-15T10:00:00',
					'date_modified_gmt' => '2026-01-15T10:00:00',
					'discount_total'    => '0.00',
					'shipping_total'    => '4.90',
					'total'             => '42.80',
					'total_tax'         => '6.83',
					'customer_id'       => 0,
					'billing'           => $address + $person,
					'shipping'          => $address,
					'line_items'        => array(
						array(
							'id'         => 1,
							'name'       => 'Sample product',
							'product_id' => 999999002,
							'quantity'   => 2,
							'sku'        => 'SAMPLE-1',
							'subtotal'   => '31.85',
							'total'      => '31.85',
							'total_tax'  => '6.05',
							'price'      => 15.925,
						),
					),
					'meta_data'         => array(),
				);
			case 'product':
				return array(
					'id'             => 999999002,
					'name'           => 'Sample product',
					'type'           => 'simple',
					'status'         => 'publish',
					'sku'            => 'SAMPLE-1',
					'price'          => '18.95',
					'regular_price'  => '18.95',
					'manage_stock'   => true,
					'stock_quantity' => 12,
					'stock_status'   => 'instock',
					'categories'     => array(),
					'meta_data'      => array(),
				);
			case 'event':
				return array(
					'assessment' => 'sample',
					'score'      => 87,
					'completed'  => true,
				);
			default:
				return array(
					'id'         => 999999003,
					'first_name' => 'Alex',
					'last_name'  => 'Example',
					'username'   => 'alex-example',
					'role'       => 'customer',
					'billing'    => $address + $person,
					'shipping'   => $address,
					'meta_data'  => array(),
				) + $person;
		}
	}
}
