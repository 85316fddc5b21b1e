using EbpfLb.Configuration.Fields;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Own;
using EbpfLb.Configuration.Input;
using EbpfLb.Yaml;

namespace EbpfLb.Configuration;

/// <summary>
/// Reads a text that holds a KubeProxyConfiguration, an EbpfLbConfiguration or both, in either order, as YAML or JSON; or a ConfigMap
/// with such texts, as kubeadm makes it.
/// </summary>
public static class ConfigText
{
    private const string EmbeddedKubeconfigKey = "kubeconfig.conf";

    /// <param name="name">Of the text, for messages.</param>
    /// <exception cref="ConfigException">It cannot be used; the message has everything that is wrong.</exception>
    public static LoadedConfig Read(string text, string name = "the configuration")
    {
        var documents = new Documents(name);
        documents.AddText(text, null);
        return documents.Finish();
    }

    private sealed class Documents(string name)
    {
        private readonly List<ConfigProblem> errors = [];
        private readonly List<ConfigProblem> warnings = [];
        private readonly HashSet<ConfigDocument> read = [];
        private LoadedConfig config = LoadedConfig.Default;
        private string? kubeconfig;

        public void AddText(string text, string? part)
        {
            try
            {
                var found = JsonTree.IsJson(text) ? JsonTree.Read(text) : YamlTree.Read(text);
                foreach (var document in found) AddDocument(document, part);
            }
            catch (YamlSyntaxException e)
            {
                errors.Add(new ConfigProblem("", "", e.Message, Where(e.Line, part)));
            }
        }

        public LoadedConfig Finish()
        {
            if (errors.Count == 0 && read.Count == 0)
                errors.Add(new ConfigProblem("", "",
                    $"it holds neither a {KubeProxyConfiguration.Kind} nor an "
                        + $"{EbpfLbConfiguration.Kind}; `ebpflb config defaults` prints both"));
            List<string> warned = [.. warnings.Select(w => w.ToString())];
            if (errors.Count > 0) throw new ConfigException(name, errors, warned);
            return config with { Warnings = warned, EmbeddedKubeconfig = kubeconfig };
        }

        private void AddDocument(YamlNode document, string? part)
        {
            if (document is not MapNode map)
            {
                errors.Add(new ConfigProblem("", "", $"it begins with no field; begin with apiVersion: {KubeProxyConfiguration.ApiVersion}",
                    Where(document.Line, part)));
                return;
            }
            var (version, kind) = (map.Text("apiVersion") ?? "", map.Text("kind") ?? "");
            if ((version, kind) == ("v1", "ConfigMap") && part is null) AddConfigMap(map);
            else if (ConfigDocument.Both.FirstOrDefault(document => document.Kind == kind) is { } known) Add(known, map, version, part);
            else errors.Add(new ConfigProblem("", "kind", UnknownKind(version, kind), Where(map.Line, part)));
        }

        private void Add(ConfigDocument document, MapNode map, string version, string? part)
        {
            if (version != document.ApiVersion)
            {
                errors.Add(new ConfigProblem(
                    "", "apiVersion", $"'{version}' is not known for this kind; give {document.ApiVersion}", Where(map.Line, part)));
                return;
            }
            if (!read.Add(document))
                errors.Add(new ConfigProblem("", "kind", $"a second {document.Kind}; remove one", Where(map.Line, part)));
            var findings = new Findings(document.Group, part);
            config = document.Read(map, config, findings);
            document.Check(config, findings);
            errors.AddRange(findings.Errors);
            warnings.AddRange(findings.Warnings);
        }

        /// <summary>Its texts that are configurations; a kubeconfig beside them is kept for when the file it names is not there.</summary>
        private void AddConfigMap(MapNode map)
        {
            if (map.Find("data") is not MapNode data)
            {
                errors.Add(new ConfigProblem(
                    "", "data", "the ConfigMap has no data; give the one that kubeadm makes (kube-proxy in kube-system), with config.conf",
                    Where(map.Line, null)));
                return;
            }
            foreach (var entry in data.Entries)
            {
                if (entry.Value is not ScalarNode { IsNull: false } text) continue;
                if (entry.Name == EmbeddedKubeconfigKey) kubeconfig = text.Text;
                else if (text.Text.Contains(KubeProxyConfiguration.Kind, StringComparison.Ordinal)
                    || text.Text.Contains(EbpfLbConfiguration.Kind, StringComparison.Ordinal))
                    AddText(text.Text, $"data.{entry.Name}");
            }
        }

        private static string UnknownKind(string version, string kind)
            => $"'{kind}' of '{version}' is no configuration of a proxy; give "
                + $"{KubeProxyConfiguration.ApiVersion} {KubeProxyConfiguration.Kind}, "
                + $"{EbpfLbConfiguration.ApiVersion} {EbpfLbConfiguration.Kind}, or the ConfigMap that holds them";

        private static string Where(int line, string? part) => $"line {line}{(part is null ? "" : $" of {part}")}";
    }
}
