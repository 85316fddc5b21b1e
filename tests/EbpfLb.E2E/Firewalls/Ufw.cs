using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Firewalls;

/// <summary>ufw on a node.</summary>
internal sealed class Ufw(PrivateRoot root)
{
    /// <summary>What its package's postinst copies, then `ufw enable`.</summary>
    public void Enable()
    {
        root.Run("sh", "-c", "cd /usr/share/ufw && mkdir -p /var/lib/ufw "
            + "&& cp before*.rules after*.rules ufw.conf ./*.init iptables/user*.rules /etc/ufw/");
        root.Run("ufw", "--force", "enable");
    }

    public void Command(params IReadOnlyList<string> words) => root.Run(["ufw", .. words]);
}
