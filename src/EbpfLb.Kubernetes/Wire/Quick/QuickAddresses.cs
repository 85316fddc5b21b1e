using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire.Quick;

/// <summary>
/// clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy of a Service, where they agree as
/// <see cref="Manifests.Validation.ClusterAddresses"/> wants it and leave nothing to a control plane.
/// </summary>
internal ref struct QuickAddresses
{
    private ReadOnlySpan<byte> single;
    private ReadOnlySpan<byte> firstOfAll;
    private WireIp? one;
    private WireIp[]? all;
    private IpFamily first;
    private int families;
    private string? policy;

    /// <summary>Known after <see cref="Complete"/>.</summary>
    public bool IsHeadless { get; private set; }

    /// <summary>Reads the member when it is one of these.</summary>
    public bool TryRead(ref QuickReader reader)
    {
        if (reader.Is("clusterIP"u8))
        {
            one = Address(ref reader);
            single = reader.Text();
        }
        else if (reader.Is("clusterIPs"u8))
        {
            All(ref reader);
        }
        else if (reader.Is("ipFamilies"u8))
        {
            Families(ref reader);
        }
        else if (reader.Is("ipFamilyPolicy"u8))
        {
            policy = reader.Text("SingleStack", "PreferDualStack", "RequireDualStack");
        }
        else
        {
            return false;
        }
        return true;
    }

    /// <summary>Checks how they belong together, and hands them over.</summary>
    public void Complete(ref QuickReader reader, WireServiceSpec spec)
    {
        reader.Require(one is not null);
        reader.Require(all is null || firstOfAll.SequenceEqual(single));
        spec.ClusterIP = one;
        spec.ClusterIPs = all;
        IsHeadless = one is { Text: not null };
        var isDual = policy is "PreferDualStack" or "RequireDualStack";
        reader.Require(isDual || families < 2);
        if (IsHeadless)
        {
            reader.Require(all is null or [_]);
            return;
        }
        WireIp[] addresses = all ?? (one is { } only ? [only] : []);
        reader.Require(isDual || addresses.Length < 2);
        reader.Require(addresses.Length > 1 || (policy != "RequireDualStack" && families < 2));
        foreach (var address in addresses) reader.Require(address.Text is null);
        if (addresses.Length == 2) reader.Require(addresses[0].Address.Family != addresses[1].Address.Family);
        if (families > 0 && addresses.Length > 0) reader.Require(addresses[0].Address.Family == first);
    }

    private void All(ref QuickReader reader)
    {
        var addresses = new WireIp[2];
        var count = 0;
        reader.BeginArray();
        while (reader.NextItem())
        {
            if (count == addresses.Length)
            {
                reader.Decline();
                return;
            }
            addresses[count] = Address(ref reader);
            if (count++ == 0) firstOfAll = reader.Text();
        }
        reader.Require(count > 0);
        all = addresses[..count];
    }

    /// <summary>An address of a range of Services, or None.</summary>
    private static WireIp Address(ref QuickReader reader)
    {
        if (reader.Text().SequenceEqual("None"u8)) return new WireIp(default, "None");
        var address = reader.Address();
        reader.Require(!address.IsUnspecified && !address.IsLoopback);
        return new WireIp(address);
    }

    private void Families(ref QuickReader reader)
    {
        reader.BeginArray();
        while (reader.NextItem())
        {
            var family = reader.Text("IPv4", "IPv6") == "IPv4" ? IpFamily.IPv4 : IpFamily.IPv6;
            reader.Require(families++ == 0 || family != first);
            if (families == 1) first = family;
        }
        reader.Require(families <= 2);
    }
}
