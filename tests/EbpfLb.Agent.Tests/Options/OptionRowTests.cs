using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Fields;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Own;
using EbpfLb.Model;
using EbpfLb.Testing.Configurations;

namespace EbpfLb.Agent.Tests.Options;

/// <summary>
/// A row says whether a change of its field is in force at once. Then all that follows from it is in <see cref="LiveOptions"/>; else it is
/// in <see cref="StartOptions"/>. No option is in both, which would be in force by half, and none is in neither.
/// </summary>
public sealed class OptionRowTests
{
    /// <summary>Its value at the start chooses which hot fields count.</summary>
    private const string Mode = "mode";

    private static readonly LoadedConfig[] Others =
    [
        ConfigText.Read(OtherConfiguration.Text),
        LoadedConfig.Default with { EbpfLb = new EbpfLbConfiguration { Manifests = "/m" } },
    ];

    /// <summary>Fields count beside others only: the section of the mode, the names of the way to tell pods.</summary>
    private static readonly LoadedConfig[] Starts =
    [
        LoadedConfig.Default,
        Of(new KubeProxyConfiguration { Mode = ProxyModes.Nftables }),
        Of(new KubeProxyConfiguration { Mode = ProxyModes.Ipvs }),
        Of(new KubeProxyConfiguration { DetectLocalMode = DetectLocalModes.BridgeInterface, DetectLocal = new("br1") }),
        Of(new KubeProxyConfiguration { DetectLocalMode = DetectLocalModes.InterfaceNamePrefix, DetectLocal = new("", "p") }),
    ];

    public static TheoryData<string, string> Rows() => new(ConfigDocument.Both.SelectMany(d => d.Rows.Select(r => (d.Group, r.Note.Path))));

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_hot_option_is_live_only_and_one_that_needs_a_restart_is_of_the_start_only(string group, string path)
    {
        var row = ConfigDocument.Both.Single(d => d.Group == group).Rows.Single(r => r.Note.Path == path);
        var (isStart, isLive, isReloaded) = (false, false, false);
        foreach (var start in Starts)
        {
            foreach (var changed in Others.Select(other => row.Take(start, other)))
            {
                isStart |= Describe(StartOptions.Of(start)) != Describe(StartOptions.Of(changed));
                isLive |= Describe(LiveOptions.Of(start)) != Describe(LiveOptions.Of(changed));
                isReloaded |= Describe(LiveOptions.Of(start)) != Describe(LiveOptions.Of(start.WithHot(changed)));
            }
        }
        var change = row.Note.Change;
        Assert.Equal((change == FieldChange.Restart, change == FieldChange.Hot || path == Mode, change == FieldChange.Hot),
            (isStart, isLive, isReloaded));
    }

    /// <summary>Records whose text does not show all that they hold are looked into.</summary>
    private static string Describe(object? value) => value switch
    {
        null => "-",
        string text => text,
        SizesSection sizes => string.Join(' ', Enum.GetValues<TableSize>().Select(size => sizes[size])),
        IEnumerable all => $"[{string.Join(", ", all.Cast<object?>().Select(Describe))}]",
        _ when value.GetType() is { IsClass: true } type && IsRecordText(type) => $"{type.Name} {{ {string.Join(", ", type
            .GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(p => p.GetIndexParameters().Length == 0)
            .Select(p => $"{p.Name} = {Describe(p.GetValue(value))}"))} }}",
        _ => value.ToString()!,
    };

    private static bool IsRecordText(Type type)
        => type.GetMethod(nameof(ToString), Type.EmptyTypes)!.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    private static LoadedConfig Of(KubeProxyConfiguration proxy) => LoadedConfig.Default with { KubeProxy = proxy };
}
