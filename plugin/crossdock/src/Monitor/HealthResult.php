<?php
/**
 * A result for Site Health.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

/**
 * Writes a test's result in Site Health's form.
 */
final class HealthResult {

	/**
	 * Screens that help, by test.
	 */
	private const SCREENS = array(
		'queue'  => 'crossdock-queue',
		'tables' => 'crossdock',
		'cron'   => 'crossdock-queue',
		'hub'    => 'crossdock-connection',
		'way_in' => 'crossdock-connection',
	);

	/**
	 * Returns a result.
	 *
	 * @param string $name        The test.
	 * @param string $status      good, recommended or critical.
	 * @param string $label       What was found, translated.
	 * @param string $description What it means, translated.
	 * @return array<string, mixed>
	 */
	public static function of( string $name, string $status, string $label, string $description ): array {
		$url = admin_url( 'admin.php?page=' . self::SCREENS[ $name ] );
		return array(
			'label'       => $label,
			'status'      => $status,
			'badge'       => array(
				'label' => 'Crossdock',
				'color' => 'blue',
			),
			'description' => '<p>' . esc_html( $description ) . '</p>',
			'actions'     => 'good' === $status ? '' : '<p><a href="' . esc_url( $url ) . '">' . esc_html__( 'Open Crossdock', 'crossdock' ) . '</a></p>',
			'test'        => 'crossdock_' . $name,
		);
	}
}
