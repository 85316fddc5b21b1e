using EbpfLb.Bpf;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Verification;

/// <summary>Hooks, programs at devices and pins in a verification.</summary>
/// <param name="find">What is not there.</param>
/// <param name="repair">Puts it back; on the thread of plans.</param>
/// <param name="hooks">How many are attached by this agent.</param>
/// <param name="devices">How many should have programs.</param>
internal sealed class AttachmentCheck(Func<IReadOnlyList<Difference>> find, Action repair, Func<int> hooks, Func<int> devices)
{
    public IEnumerable<ComparedElements> Compared(int maps) =>
    [
        new(VerifyStage.Attachment, "hooks", hooks()), new(VerifyStage.Attachment, "devices", devices()),
        new(VerifyStage.Attachment, "pins of maps", maps),
    ];

    public IReadOnlyList<Difference> Confirm(bool adopt)
    {
        var found = find();
        if (!adopt || found.Count == 0) return found;
        try
        {
            repair();
        }
        catch (BpfException)
        {
            // It is told as a difference that stays; the watch over the hooks says why.
        }
        return found;
    }
}
