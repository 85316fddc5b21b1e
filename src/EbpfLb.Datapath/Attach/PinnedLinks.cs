using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Attach;

/// <summary>Links with their pins. They stay open here, so that one whose pin somebody removed can be pinned again.</summary>
internal sealed class PinnedLinks : IDisposable
{
    private readonly Dictionary<string, BpfLink> links = [];

    /// <summary>Those that are open.</summary>
    public IEnumerable<string> Pins => links.Keys;

    /// <summary>null: there is no such pin, and was none.</summary>
    public BpfLink? Open(string pin)
    {
        if (links.TryGetValue(pin, out var known)) return known;
        if (!Pin.Exists(pin)) return null;
        var link = BpfLink.OpenPinned(pin);
        links.Add(pin, link);
        return link;
    }

    /// <summary>Pins a new link in the place of the one of before, which ends with its last pin.</summary>
    public void Replace(string pin, BpfLink fresh)
    {
        Pin.Replace(fresh.Fd, pin);
        if (links.Remove(pin, out var old)) old.Dispose();
        links.Add(pin, fresh);
    }

    /// <summary>Detaches the link and removes its pin; false: there was no pin.</summary>
    public bool Detach(string pin)
    {
        if (Open(pin) is { } link)
        {
            // The link of a device that is gone is dead already.
            if (link.Info.InterfaceIndex != 0) link.Detach();
            links.Remove(pin);
            link.Dispose();
        }
        return Pin.Remove(pin);
    }

    public void Dispose()
    {
        foreach (var link in links.Values) link.Dispose();
    }
}
