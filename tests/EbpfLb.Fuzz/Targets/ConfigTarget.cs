using System.Text;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Output;

namespace EbpfLb.Fuzz.Targets;

/// <summary>
/// A configuration file: it is read, and what is written of it reads the same again; or it is refused with every problem's message.
/// </summary>
internal sealed class ConfigTarget : FuzzTarget
{
    public override string Name => "config";

    public override IReadOnlyList<byte[]> Corpus { get; } =
    [
        Corpora.Bytes(ConfigYaml.Write(LoadedConfig.Default)), Corpora.Bytes(ConfigJson.Write(LoadedConfig.Default)),
        .. ((string[])["kubeadm", "k3s", "aks", "kind", "openshift", "eks"])
            .SelectMany(overlay => Corpora.Files($"deploy/overlays/{overlay}", "config.yaml")),
        .. Corpora.Files("deploy/systemd", "config.yaml"), .. Corpora.Documented("Configuration"),
    ];

    public override string? Try(byte[] input, Random random, FuzzReport report)
    {
        try
        {
            var config = ConfigText.Read(Encoding.UTF8.GetString(input), "file");
            report.Read++;
            if (random.Next(8) != 0) return null;
            var written = random.Next(2) == 0 ? ConfigYaml.Write(config) : ConfigJson.Write(config);
            var different = ConfigJson.Differences(config, ConfigText.Read(written, "what was written"));
            return different.Count == 0 ? null : $"reads as another: {string.Join(", ", different)}";
        }
        catch (ConfigException e)
        {
            return e.Problems.Count == 0 || e.Problems.Any(problem => problem.Message.Length == 0 || problem is { Path: "", Where: null })
                && !e.Message.Contains("holds neither", StringComparison.Ordinal)
                ? $"unclear: {e.Message}"
                : null;
        }
    }
}
