// Called by tools/schema with files of manifests.
import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";

const PACKAGES = { "monitoring.coreos.com": "@kubernetes-models/prometheus-operator" };
// Of these no package has a schema.
const WITHOUT = ["security.openshift.io/v1 SecurityContextConstraints"];
const MISTAKES = [
	["DaemonSet", "spec.selector", o => delete o.spec.selector],
	["DaemonSet", "/spec/updateStrategy/type", o => (o.spec.updateStrategy.type = "Rolling")],
	["DaemonSet", "/dnsPolicy", o => (o.spec.template.spec.dnsPolicy = "Host")],
	["DaemonSet", "/hostNetwork", o => (o.spec.template.spec.hostNetwork = "true")],
	["ClusterRole", "verbs", o => delete o.rules[0].verbs],
];

// Why an object is refused, a line each; null: there is no schema.
async function refused(object) {
	const { apiVersion, kind } = object;
	if (WITHOUT.includes(`${apiVersion} ${kind}`)) return null;
	const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
	const from = PACKAGES[group] ?? "kubernetes-models";
	const { [kind]: Model } = await import(`${from}/${apiVersion}/${kind}`);
	try {
		new Model(object).validate();
		return [];
	} catch (e) {
		return (e.errors ?? [e]).map(x => `${x.instancePath ?? ""} ${x.message ?? ""} ${JSON.stringify(x.params ?? {})}`);
	}
}

const counts = {};
const seen = {};
let wrong = 0;
for (const file of process.argv.slice(2)) {
	for (const document of parseAllDocuments(readFileSync(file, "utf8"), { version: "1.1" })) {
		const object = document.toJS();
		if (object === null) continue;
		seen[object.kind] ??= object;
		const why = await refused(object);
		const kind = `${object.apiVersion} ${object.kind}`;
		counts[why === null ? `no schema: ${kind}` : kind] = (counts[why === null ? `no schema: ${kind}` : kind] ?? 0) + 1;
		for (const line of why ?? []) {
			wrong++;
			console.error(`${file}: ${kind} ${object.metadata?.name}: ${line}`);
		}
	}
}
for (const [kind, expected, make] of MISTAKES) {
	const object = structuredClone(seen[kind]);
	make(object);
	const why = await refused(object);
	if (why.some(line => line.includes(expected.split(".").at(-1)))) continue;
	wrong++;
	console.error(`a wrong ${kind} (${expected}) was not refused: ${why}`);
}
for (const [kind, count] of Object.entries(counts).sort()) console.log(`${count} ${kind}`);
console.log(wrong === 0 ? `none is refused; ${MISTAKES.length} mistakes were found` : `${wrong} faults`);
process.exit(wrong === 0 ? 0 : 1);
