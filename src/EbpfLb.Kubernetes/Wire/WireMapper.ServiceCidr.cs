using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

internal sealed partial class WireMapper
{
    /// <summary>
    /// Maps a ServiceCIDR. One that is about to go keeps its addresses as long as it is there: Services may still have some.
    /// </summary>
    public ServiceCidr Map(WireServiceCidr wire)
    {
        var name = NameOf(wire);
        List<SourceRange> cidrs = [];
        var texts = wire.Spec?.Cidrs ?? [];
        for (var i = 0; i < texts.Length; i++)
        {
            if (!SourceRange.TryParse(texts[i], out var range))
                Warn("ServiceCIDR", name, $"spec.cidrs[{i}]", texts[i], "not a range of IP addresses; the entry is ignored; correct it");
            else
                cidrs.Add(range);
        }
        return new ServiceCidr(name.Name, cidrs.ToValueList());
    }
}
